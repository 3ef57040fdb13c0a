import { Command } from 'commander'
import { describeStorage, joinRoot } from '../config/index.js'
import { openObjectStore } from '../storage/index.js'
import { UsageError } from './failure.js'
import { toStdout } from './output.js'
import { isRemote, type Place, placeOf } from './place.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { formatTable } from './table.js'

interface CheckOptions extends StorageOptions {
  write: boolean
}

export function storageCommand(signal: AbortSignal): Command {
  return new Command('storage')
    .description('look at how an object store is reached')
    .addCommand(checkCommand(signal))
}

function checkCommand(signal: AbortSignal): Command {
  return new Command('check')
    .description('print the configuration without its secrets, and ask the store')
    .argument('[path]', 'by default the root of --storage')
    .option('--write', 'also write keys of its own, for whether conditions are kept', false)
    .action(async (text: string | undefined, _, command: Command) => {
      const options = command.optsWithGlobals<CheckOptions>()
      const place = await placeOf(text ?? '', new StorageSource(options), 'storage')
      if (!isRemote(place)) {
        throw new UsageError(`Expected --storage or a URI of an object store but received neither`)
      }
      // Before the store is asked: what is configured is what helps when it refuses.
      await toStdout([table(Object.entries(describeStorage(place.storage)))])
      await toStdout([table(await answersOf(place, options.write, signal))])
    })
}

/** @throws PackedError, as the store answers. */
async function answersOf(
  { storage, path }: Place,
  write: boolean,
  signal: AbortSignal,
): Promise<[string, unknown][]> {
  const store = await openObjectStore(storage)
  const started = performance.now()
  const entries = store.list(joinRoot(storage.rootPath, path), { signal })
  const first = await entries[Symbol.asyncIterator]().next()
  const ms = Math.round(performance.now() - started)
  const answers: [string, unknown][] = [
    ['answers', `in ${ms} ms, connecting included`],
    ['first key', first.done ? 'none' : first.value.path],
  ]
  if (!write) return answers
  const kept = await store.conditionalWrites({ signal })
  return [...answers, ['conditional writes', kept ? 'kept' : 'ignored']]
}

function table(rows: readonly (readonly [string, unknown])[]): string {
  const texts = rows.map(([name, value]) => [name, String(value)])
  return formatTable([{ title: '' }, { title: '' }], texts).replace(/^\n/, '')
}
