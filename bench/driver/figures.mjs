/** Samples to figures: what a cell of the table says. */
import { NODE_PEERS } from '../peers/registry.mjs'

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}

const least = (samples, key) => Math.min(...samples.map((sample) => sample[key]))
export const most = (samples, key) => Math.max(...samples.map((sample) => sample[key] ?? 0))
export const isOurs = (peer) => peer.startsWith('ours')

/** Groups of items that `keyOf` gives the same text, in order of appearance. */
export function groupBy(items, keyOf) {
  const groups = new Map()
  for (const item of items) {
    const key = keyOf(item)
    if (!groups.has(key)) groups.set(key, [])
    groups.get(key).push(item)
  }
  return groups
}

/** Repetitions after the first of a process; that one where there is no other. */
function warm(samples) {
  const later = samples.filter(({ repetition }) => repetition > 0)
  return later.length > 0 ? later : samples
}

/** The best warm time of every round. */
function bestByRound(samples) {
  const rounds = groupBy(warm(samples), ({ round }) => round)
  return new Map([...rounds].map(([round, own]) => [round, least(own, 'seconds')]))
}

/** The median over common rounds of how many times as fast `own` is as `other`. */
function ratio(own, other) {
  const ratios = [...own].flatMap(([round, seconds]) =>
    other.has(round) ? [other.get(round) / seconds] : [],
  )
  return ratios.length > 0 ? median(ratios) : undefined
}

/** Of several peers, the best time of every round. */
function bestOf(peers) {
  const best = new Map()
  for (const [, times] of peers) {
    for (const [round, seconds] of times) {
      best.set(round, Math.min(seconds, best.get(round) ?? Number.POSITIVE_INFINITY))
    }
  }
  return best
}

/** Decoded bytes that an operation moves; undefined where a rate says nothing. */
function bytesMoved({ bytes, projectionBytes }, operation) {
  return { write: bytes, read: bytes, projected: projectionBytes }[operation]
}

function figure(samples, { times, all, dataset, operation }) {
  const own = warm(samples)
  const seconds = median([...times.values()])
  const bytes = bytesMoved(dataset, operation)
  const cold = samples.filter(({ repetition }) => repetition === 0)
  const foreign = [...all].filter(([peer]) => !isOurs(peer) && peer !== samples[0].peer)
  const loops =
    samples[0].loopActiveMs === undefined
      ? {}
      : {
          loopActiveMs: least(own, 'loopActiveMs'),
          loopDelayMs: least(own, 'loopDelayMs'),
        }
  return {
    peer: samples[0].peer,
    seconds,
    megabytesPerSecond: bytes === undefined ? undefined : bytes / 1e6 / seconds,
    coldSeconds: median(cold.map((sample) => sample.seconds)),
    cpu: least(own, 'cpu'),
    toPyarrow: ratio(times, all.get('pyarrow') ?? new Map()),
    toBest: ratio(times, bestOf(foreign)),
    toNode: ratio(times, bestOf(foreign.filter(([peer]) => NODE_PEERS.includes(peer)))),
    rssPeak: most(samples, 'rssPeak'),
    rssGrowth: Math.max(...samples.map(({ rssPeak, rssBase }) => rssPeak - rssBase)),
    fileBytes: samples[0].fileBytes,
    rounds: times.size,
    ...loops,
  }
}

/**
 * `[{ place, dataset, files, operation, figures }]`, the figures of every peer fastest first.
 */
export function cellsOf({ samples, datasets }) {
  const keyOf = ({ place, dataset, files, operation }) =>
    [place, dataset, files, operation].join(' ')
  return Array.from(groupBy(samples, keyOf).values(), (group) => {
    const { place, dataset, files, operation } = group[0]
    const peers = groupBy(group, ({ peer }) => peer)
    const all = new Map([...peers].map(([peer, own]) => [peer, bestByRound(own)]))
    const figures = Array.from(peers, ([peer, own]) =>
      figure(own, { times: all.get(peer), all, dataset: datasets[dataset], operation }),
    )
    figures.sort((a, b) => a.seconds - b.seconds)
    return { place, dataset, files, operation, figures }
  })
}
