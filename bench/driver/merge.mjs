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

const sizeKey = ({ place, dataset, files, peer }) => [place, dataset, files, peer].join(' ')

/** @throws where a peer wrote files of another size: then one of the runs is of other code. */
function expectSameFiles(known, { samples }) {
  for (const sample of samples) {
    const bytes = known.get(sizeKey(sample))
    if (bytes === undefined || bytes === sample.fileBytes) continue
    throw new Error(
      `Expected files of ${bytes} bytes for ${sizeKey(sample)} in both runs ` +
        `but received ${sample.fileBytes}`,
    )
  }
}

/**
 * `results` with the file bytes of peers that only `others`, further runs of the same data, have
 * written: no times, and of any machine.
 * @throws where ours wrote what both have in other sizes
 */
export function withSizes(results, others) {
  const written = (samples) => samples.filter(({ operation }) => operation === 'write')
  const ours = written(results.samples).filter(({ peer }) => peer.startsWith('ours'))
  const known = new Map(ours.map((sample) => [sizeKey(sample), sample.fileBytes]))
  const own = new Set(written(results.samples).map(sizeKey))
  const sizes = []
  const peers = { ...results.settings.peers }
  for (const other of others) {
    if (other.settings.small)
      throw new Error('Expected sizes of a full run but received a small one')
    expectSameFiles(known, other)
    for (const sample of written(other.samples)) {
      const key = sizeKey(sample)
      if (own.has(key)) continue
      own.add(key)
      const { place, dataset, files, peer, fileBytes } = sample
      sizes.push({ place, dataset, files, peer, fileBytes })
      peers[peer] ??= other.settings.peers[peer]
    }
  }
  return { ...results, settings: { ...results.settings, peers }, sizes }
}
