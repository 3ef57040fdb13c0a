/** Several results of bench/run.mjs as one: runs of other cells on the same machine. */

/** What two runs must have in common for their figures to stand on one page. */
const SAME = ['cpu', 'cores', 'memoryBytes', 'system']

const cellOf = ({ place, dataset, files, operation }) =>
  [place, dataset, files, operation].join(' ')

function expectMergeable(first, next) {
  for (const fact of SAME) {
    if (first.machine[fact] === next.machine[fact]) continue
    throw new Error(
      `Expected results of one machine but received ${fact} ${first.machine[fact]} ` +
        `and ${next.machine[fact]}`,
    )
  }
  const known = new Set(first.samples.map(cellOf))
  const twice = next.samples.map(cellOf).find((cell) => known.has(cell))
  if (twice !== undefined) throw new Error(`Expected every cell in one run but received ${twice}`)
}

function merged(first, next) {
  expectMergeable(first, next)
  return {
    ...first,
    versions: { ...first.versions, ...next.versions },
    load: { before: first.load.before, after: next.load.after },
    settings: {
      ...first.settings,
      small: first.settings.small || next.settings.small,
      peers: { ...first.settings.peers, ...next.settings.peers },
    },
    datasets: { ...first.datasets, ...next.datasets },
    samples: [...first.samples, ...next.samples],
    limits: [...first.limits, ...next.limits],
    bridge: first.bridge.length > 0 ? first.bridge : next.bridge,
    unsupported: [...first.unsupported, ...next.unsupported],
    failures: [...first.failures, ...next.failures],
  }
}

/**
 * The settings are those of the first one, but for its peers.
 * @throws where they are of different machines, or measured the same
 */
export const mergeResults = ([first, ...others]) => others.reduce(merged, first)
