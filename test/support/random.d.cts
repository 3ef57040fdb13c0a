export declare class Random {
  constructor(seed: number)
  /** In [0, 1). */
  next(): number
  /** An integer in [0, bound); 0 for a bound of 0. */
  below(bound: number): number
  pick<T>(items: readonly T[]): T
  bytes(length: number): Uint8Array<ArrayBuffer>
}
