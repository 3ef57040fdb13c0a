/** Times of requests where a configuration gives none, in milliseconds. */
export const HTTP_DEFAULTS = { requestTimeoutMs: 10_000, retryTimeoutMs: 60_000 } as const
