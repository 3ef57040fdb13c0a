import { Command } from 'commander'
import { segmentCatCommand } from './segment-cat.js'
import { segmentCompactCommand } from './segment-compact.js'
import { segmentConvertCommand } from './segment-convert.js'
import { segmentExportCommand } from './segment-export.js'
import { segmentGetCommand } from './segment-get.js'
import { segmentStatsCommand } from './segment-stats.js'
import { segmentVerifyCommand } from './segment-verify.js'

/** The verbs for whole segments, in a tree of files as Milvus lays it out. */
export function segmentCommand(signal: AbortSignal): Command {
  const segment = new Command('segment').description(
    'print, sum up, check, convert and compact segments',
  )
  const verbs = [
    segmentCatCommand(signal),
    segmentGetCommand(signal),
    segmentStatsCommand(signal),
    segmentVerifyCommand(signal),
    segmentConvertCommand(signal),
    segmentCompactCommand(signal),
    segmentExportCommand(signal),
  ]
  for (const verb of verbs) segment.addCommand(verb)
  return segment
}
