import { Command, Option } from 'commander'
import { type SegmentVerification, verifySegment } from '../segment/index.js'
import { toStdout } from './output.js'
import { problemLine } from './problem-line.js'
import { withRows } from './progress-bar.js'
import { addSegmentOptions, findSegment, type SegmentOptions, schemaOf } from './segment-target.js'
import { formatCount } from './table.js'

interface SegmentVerifyOptions extends SegmentOptions {
  json: boolean
  logSize: 'compressed' | 'uncompressed'
}

export function segmentVerifyCommand(signal: AbortSignal): Command {
  const command = new Command('verify').description(
    'read everything and check it against the metadata and the statistics; exit code 1 for a problem',
  )
  return addSegmentOptions(command)
    .addOption(
      new Option('--log-size <bytes>', 'which bytes the metadata counts as log size')
        .choices(['compressed', 'uncompressed'])
        .default('compressed'),
    )
    .option('--json', 'print the result as JSON', false)
    .action(async (id: bigint, _, command: Command) => {
      const options = command.optsWithGlobals<SegmentVerifyOptions>()
      const target = await findSegment(id, options, signal)
      const { chunkManager, segment } = target
      const schema = await schemaOf(target, options)
      const { logSize } = options
      const result = await withRows('', (onProgress) =>
        verifySegment({ chunkManager, segment, schema, logSize, signal, onProgress }),
      )
      await toStdout([options.json ? `${JSON.stringify(plain(result), null, 2)}\n` : text(result)])
      if (!result.ok) process.exitCode = 1
    })
}

function plain({ problems, ...facts }: SegmentVerification): unknown {
  return { ...facts, problems: problems.map((problem) => ({ ...problem })) }
}

function text({ ok, logs, rows, problems, notChecked }: SegmentVerification): string {
  const skipped = notChecked.map((what) => `not checked: ${what}\n`).join('')
  if (!ok) return problems.map(problemLine).join('') + skipped
  const files = logs === 1 ? 'log' : 'logs'
  return `OK: ${formatCount(logs)} ${files}, ${formatCount(rows)} rows\n${skipped}`
}
