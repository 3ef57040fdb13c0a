/**
 * Upper ends of the buckets of every histogram, in seconds: an fsync of a good disk is in the
 * first ones, a sync to a store that throttles in the last.
 */
export const SECONDS_BUCKETS: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
]
