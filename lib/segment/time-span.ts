/** Hybrid timestamps from the oldest to the newest row. */
export interface TimeSpan {
  from: bigint
  to: bigint
}

/** The span over all of them; undefined where there is none. */
export function spanOf(spans: Iterable<TimeSpan>): TimeSpan | undefined {
  let whole: TimeSpan | undefined
  for (const { from, to } of spans) {
    whole ??= { from, to }
    if (from < whole.from) whole.from = from
    if (to > whole.to) whole.to = to
  }
  return whole
}

/** The span over logs whose metadata says their times. */
export function spanOfLogs(
  logs: Iterable<{ timestampFrom: bigint; timestampTo: bigint }>,
): TimeSpan | undefined {
  const spans: TimeSpan[] = []
  for (const { timestampFrom, timestampTo } of logs) {
    if (timestampTo > 0n) spans.push({ from: timestampFrom, to: timestampTo })
  }
  return spanOf(spans)
}
