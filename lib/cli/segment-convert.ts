import { Command, Option } from 'commander'
import { stringifyExact } from '../config/index.js'
import { convertSegment, type SegmentInfo, segmentInfoToJson } from '../segment/index.js'
import { parseBigId } from './arguments.js'
import { toStdout } from './output.js'
import { withRows } from './progress-bar.js'
import {
  addSegmentOptions,
  findSegment,
  type SegmentOptions,
  schemaOf,
  targetTree,
} from './segment-target.js'
import { formatCount, formatRatio, formatSaving, formatTable } from './table.js'

interface SegmentConvertOptions extends SegmentOptions {
  out: string
  to: '1' | '2'
  segmentId?: bigint
  firstLogId?: bigint
  json: boolean
}

export function segmentConvertCommand(signal: AbortSignal): Command {
  const command = new Command('convert').description(
    'rewrite a segment in the other storage version, or in fresh column groups',
  )
  return addSegmentOptions(command)
    .requiredOption('--out <dir>', 'the root of the new tree; may be --root with --segment-id')
    .addOption(
      new Option('--to <version>', 'the storage version: 2 column groups, 1 binlogs per field')
        .choices(['1', '2'])
        .default('2'),
    )
    .option('--segment-id <id>', 'the number of the new segment (default: the same)', parseBigId)
    .option(
      '--first-log-id <id>',
      'new logs are numbered from it (default: by the clock)',
      parseBigId,
    )
    .option('--json', 'print the metadata of the new segment as JSON', false)
    .action((id: bigint, _, command: Command) =>
      convert(id, command.optsWithGlobals<SegmentConvertOptions>(), signal),
    )
}

async function convert(
  id: bigint,
  options: SegmentConvertOptions,
  signal: AbortSignal,
): Promise<void> {
  const target = await findSegment(id, options, signal)
  const { chunkManager, segment } = target
  const { firstLogId, segmentId } = options
  const schema = await schemaOf(target, options)
  const tree = await targetTree(options.out, options)
  const converted = await withRows('', (onProgress) =>
    convertSegment({
      source: { chunkManager, segment },
      schema,
      target: { chunkManager: tree },
      storageVersion: options.to === '2' ? 2 : 0,
      signal,
      onProgress,
      ...(segmentId === undefined ? {} : { segmentId }),
      ...(firstLogId === undefined ? {} : { firstLogId }),
    }),
  )
  await toStdout([
    options.json
      ? `${stringifyExact(segmentInfoToJson(converted), 2)}\n`
      : report(segment, converted),
  ])
}

function report(before: SegmentInfo, after: SegmentInfo): string {
  const rows = [before, after].map((info) => {
    const logs = info.binlogs.flatMap(({ binlogs }) => binlogs)
    const bytes = logs.reduce((sum, { logSize }) => sum + logSize, 0)
    const first = before.binlogs.flatMap(({ binlogs }) => binlogs)
    const before_ = first.reduce((sum, { logSize }) => sum + logSize, 0)
    return [
      `V${info.storageVersion || 1}`,
      String(info.segmentId),
      formatCount(info.numRows),
      formatCount(logs.length),
      formatCount(bytes),
      formatRatio(before_, bytes),
      formatSaving(before_, bytes),
    ]
  })
  const number = (title: string) => ({ title, align: 'right' as const })
  const sizes = ['file bytes', 'after/before', 'saving']
  const titles = ['segment', 'rows', 'insert logs', ...sizes].map(number)
  return formatTable([{ title: 'storage' }, ...titles], rows)
}
