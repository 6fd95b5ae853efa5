/** What may have been meant by a word that nobody knows. */

/** The known word with the fewest letters to change, if that is less than half of them. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const distances = known.map((candidate) => ({
    candidate,
    distance: distance(word.toLowerCase(), candidate.toLowerCase()),
  }))
  const best = distances.sort((a, b) => a.distance - b.distance)[0]
  if (best && best.distance <= Math.max(1, Math.floor(word.length / 2))) return best.candidate
  return known.find((candidate) => word.length > 2 && candidate.includes(word))
}

/** Letters to insert, drop, replace or exchange with their neighbour. */
export function distance(a: string, b: string): number {
  let before: number[] = []
  let above = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      row[j] = Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1)
    }
    before = above
    above = row
  }
  return above[b.length]
}
