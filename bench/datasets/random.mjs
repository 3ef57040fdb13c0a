/** Deterministic noise (sfc32, by Chris Doty-Humphrey): the same numbers on every machine. */
export class Random {
  #a
  #b
  #c
  #counter = 1

  /** The sequence of a name; different names give independent ones. */
  constructor(name) {
    let hash = 2166136261
    for (const byte of Buffer.from(name)) hash = Math.imul(hash ^ byte, 16777619)
    this.#a = hash
    this.#b = Math.imul(hash, 0x9e3779b1)
    this.#c = ~hash
    for (let i = 0; i < 12; i++) this.uint32()
  }

  uint32() {
    const sum = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0
    return sum >>> 0
  }

  /** In [0, 1). */
  uniform() {
    return this.uint32() / 2 ** 32
  }

  /** A whole number in [0, limit). */
  below(limit) {
    return Math.floor(this.uniform() * limit)
  }

  /** Exponential with the given mean. */
  exponential(mean) {
    return -mean * Math.log(1 - this.uniform())
  }

  /** Standard normal numbers, two at a time (Box and Muller). */
  fillNormal(values) {
    for (let i = 0; i < values.length; i += 2) {
      const radius = Math.sqrt(this.exponential(2))
      const angle = 2 * Math.PI * this.uniform()
      values[i] = radius * Math.cos(angle)
      if (i + 1 < values.length) values[i + 1] = radius * Math.sin(angle)
    }
  }
}
