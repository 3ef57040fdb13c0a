/** Deterministic pseudo-random numbers (mulberry32), shared by tests and by child scripts. */
class Random {
  #state

  constructor(seed) {
    this.#state = seed >>> 0
  }

  /** In [0, 1). */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  /** An integer in [0, bound); 0 for a bound of 0. */
  below(bound) {
    return Math.floor(this.next() * bound)
  }

  pick(items) {
    return items[this.below(items.length)]
  }

  bytes(length) {
    const bytes = new Uint8Array(length)
    for (let i = 0; i < length; i++) bytes[i] = this.below(256)
    return bytes
  }
}

module.exports = { Random }
