/**
 * How many states there will be, guessed from the sizes of the levels so far.
 *
 * Levels mostly grow and shrink like a bell: the ratio of neighbouring sizes falls steadily, so its logarithm is fitted by
 * a straight line over the later half of the levels, and the levels to come follow from that. On the benchmark model
 * and the wider scenarios the guess is mostly within a factor of three from a fifth of the states on, and within 1.3 near the end.
 */

const levelsMin = 12
/** More than that is not a guess any more. */
const statesMost = 1e13

/** `sizes`: of complete levels. Null: there are too few, or no end is in sight. */
export function estimateStates(sizes: readonly number[]): number | null {
  const count = sizes.length
  if (count < levelsMin) return null
  const { level, slope } = growthOf(sizes)
  if (slope >= 0) return null
  let size = (sizes[count - 1] + sizes[count - 2] + sizes[count - 3]) / 3
  let states = sizes.reduce((a, b) => a + b, 0)
  for (let next = count - 1; size >= 1; next++) {
    size *= Math.exp(level + slope * next)
    states += size
    if (states > statesMost) return null
  }
  return Math.round(states)
}

/** The logarithm of the growth from level i to the next as `level` + `slope` * i. */
function growthOf(sizes: readonly number[]): { level: number; slope: number } {
  const count = sizes.length
  const span = Math.max(2, Math.floor(count / 8))
  const points = Array.from({ length: count - span - Math.floor(count / 2) }, (_, i) => {
    const first = Math.floor(count / 2) + i
    return { x: first + span / 2, y: Math.log(sizes[first + span] / sizes[first]) / span }
  })
  const mean = (of: (p: { x: number; y: number }) => number) =>
    points.reduce((sum, p) => sum + of(p), 0) / points.length
  const [x, y] = [mean((p) => p.x), mean((p) => p.y)]
  const slope = mean((p) => (p.x - x) * (p.y - y)) / mean((p) => (p.x - x) ** 2)
  return { level: y - slope * x, slope }
}
