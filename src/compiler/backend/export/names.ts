/** Identifiers of an exported text: as close to the source as its language allows, and no two the same. */

/** What a language does not take for a name. */
export type IsReserved = (name: string) => boolean

export class Names {
  readonly #isReserved: IsReserved
  readonly #outer: Names | null
  readonly #taken = new Set<string>()
  /** Taken in any scope. */
  readonly #everywhere: Set<string>

  constructor(isReserved: IsReserved, outer: Names | null = null) {
    this.#isReserved = isReserved
    this.#outer = outer
    this.#everywhere = outer === null ? new Set() : outer.#everywhere
  }

  /** Names of an inner scope: they hide none of the outer ones. */
  inner(): Names {
    return new Names(this.#isReserved, this)
  }

  take(wanted: string): string {
    const name = this.#free(wanted, (other) => this.#has(other))
    this.#taken.add(name)
    this.#everywhere.add(name)
    return name
  }

  /** A name that means the same in every scope. */
  takeForAll(wanted: string): string {
    const name = this.#free(wanted, (other) => this.#everywhere.has(other))
    this.#taken.add(name)
    this.#everywhere.add(name)
    return name
  }

  #free(wanted: string, isTaken: (name: string) => boolean): string {
    const plain = identifier(wanted)
    const first = [plain, `${plain}_`, `the_${plain}`].find((name) => !this.#isReserved(name))!
    let name = first
    for (let i = 2; isTaken(name); i++) name = `${first}_${i}`
    return name
  }

  #has(name: string): boolean {
    return this.#taken.has(name) || (this.#outer !== null && this.#outer.#has(name))
  }
}

/** `address_space.i_pages[0].locked`: address_space_i_pages_0_locked. */
export function identifier(text: string): string {
  const plain = text.replace(/\W+/g, '_').replace(/__+/g, '_').replace(/^_|_$/g, '')
  return /^[A-Za-z]/.test(plain) ? plain : `v${plain}`
}

/** `page0._refcount`, `page1._refcount`: `page._refcount`. */
export function commonName(names: readonly string[]): string {
  const parts = names.map((name) => name.split(/(\d+)/))
  const alike = parts.every(
    (p) => p.length === parts[0].length && p.every((text, i) => i % 2 === 1 || text === parts[0][i]),
  )
  if (alike)
    return parts[0]
      .map((text, i) => (parts.every((p) => p[i] === text) ? text : ''))
      .join('')
      .replace(/\[\]/g, '')
  return names[0].replace(/\d+/, '')
}
