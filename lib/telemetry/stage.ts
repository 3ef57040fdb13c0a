import { channel } from 'node:diagnostics_channel'

/**
 * The moments between which a crash leaves something different behind. Each is published on the
 * diagnostics channel `arrow-packed:<name>`; without a subscriber that costs next to nothing.
 */
export const STAGES = [
  'log.append.before',
  'log.append.after',
  'log.sync.before',
  'log.sync.after',
  'log.rotate.before',
  'log.rotate.after',
  'log.truncate.before',
  'log.truncate.after',
  'file.write.before',
  'file.write.after',
  'file.rename.before',
  'file.rename.after',
  'packed.publish.before',
  'packed.publish.after',
  'meta.transaction.before',
  'meta.transaction.after',
  'meta.flush.after',
  'sync.prepare.after',
  'sync.manifest.after',
  'sync.commit.after',
] as const

/** One of {@link STAGES}. */
export type Stage = (typeof STAGES)[number]

const channels = new Map(STAGES.map((name) => [name, channel(`arrow-packed:${name}`)]))

/** Publish a stage, subscribers run before this returns; `detail` is only made for subscribers. */
export function publishStage(stage: Stage, detail?: () => object): void {
  const at = channels.get(stage)!
  if (at.hasSubscribers) at.publish({ stage, ...detail?.() })
}
