#!/usr/bin/env node
import { Command, CommanderError } from 'commander'
import { catCommand } from './cat.js'
import { addExamples } from './examples.js'
import { exitCodeOf, failureLine } from './failure.js'
import { gcCommand } from './gc.js'
import { ingestCommand } from './ingest.js'
import { inspectCommand } from './inspect/command.js'
import { manifestCommand } from './manifest.js'
import { segmentCommand } from './segment.js'
import { segmentsCommand } from './segments.js'
import { storageCommand } from './storage-check.js'
import { storageOption } from './storage-source.js'
import { tuneCommand } from './tune/command.js'
import { uploadsCommand } from './uploads.js'
import { verifyCommand } from './verify.js'
import { writeCommand } from './write.js'

/** Read when asked for: the package names itself, whatever folder this build is in. */
function packageVersion(): string {
  return (require('arrow-packed/package.json') as { version: string }).version
}

/** Behind a verb it is that verb's: commander would take an option of the program out of it. */
const VERSION = '--version'

function asksForVersion(args: readonly string[]): boolean {
  const verb = args.findIndex((arg) => !arg.startsWith('-'))
  return args.slice(0, verb === -1 ? args.length : verb).includes(VERSION)
}

function program(signal: AbortSignal): Command {
  const packed = new Command('packed')
    .description('Write, look at, print and check the files of Milvus segments.')
    .option('--verbose', 'show where an error comes from')
    .addOption(storageOption())
    .addHelpText('after', `\n"packed ${VERSION}" prints the version.`)
  const verbs = [
    writeCommand(signal),
    inspectCommand(signal),
    catCommand(signal),
    verifyCommand(signal),
    tuneCommand(signal),
    segmentCommand(signal),
    manifestCommand(signal),
    ingestCommand(signal),
    segmentsCommand(),
    gcCommand(signal),
    uploadsCommand(signal),
    storageCommand(signal),
  ]
  for (const verb of verbs) packed.addCommand(verb)
  addExamples(packed)
  for (const command of [packed, ...verbs, ...verbs.flatMap(({ commands }) => commands)]) {
    command
      .exitOverride()
      .showSuggestionAfterError()
      .configureHelp({ showGlobalOptions: true })
      .configureOutput({
        outputError: (text, print) =>
          print(
            `packed: usage: ${text
              .replace(/^error: /, '')
              .trim()
              .replace(/\s*\n\s*/g, ' ')}\n`,
          ),
      })
  }
  return packed
}

const INTERRUPTS = ['SIGINT', 'SIGTERM'] as const

/** An interrupt ends the work in hand, which removes what it made; a second one ends at once. */
function abortOnInterrupt(): AbortSignal {
  const controller = new AbortController()
  const abort = (): void => {
    for (const name of INTERRUPTS) process.off(name, abort)
    controller.abort()
  }
  for (const name of INTERRUPTS) process.on(name, abort)
  return controller.signal
}

async function main(): Promise<void> {
  // Which Node the SDK wants next year is for who installs this; an error is one line.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true'
  // Results are printed through pipelines, which report failures; help and version are not.
  process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => {
    if (code !== 'EPIPE') process.exitCode = 1
  })
  if (asksForVersion(process.argv.slice(2))) {
    process.stdout.write(`${packageVersion()}\n`)
    return
  }
  const packed = program(abortOnInterrupt())
  try {
    await packed.parseAsync()
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) process.exitCode = 2
      return
    }
    process.stderr.write(failureLine(error))
    if (process.env.DEBUG || packed.opts().verbose) console.error(error)
    process.exitCode = exitCodeOf(error)
  }
}

void main()
