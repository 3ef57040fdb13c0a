import { Command } from 'commander'
import { joinRoot, storageUri } from '../config/index.js'
import { type ObjectStore, type OpenUpload, openObjectStore } from '../storage/index.js'
import { parseAge } from './arguments.js'
import { UsageError } from './failure.js'
import { toStdout } from './output.js'
import { isRemote, type Place, placeOf } from './place.js'
import { type StorageOptions, StorageSource } from './storage-source.js'
import { formatTable } from './table.js'

interface UploadsOptions extends StorageOptions {
  /** Milliseconds. */
  olderThan?: number
  each: boolean
  json: boolean
}

interface AbortOptions extends UploadsOptions {
  olderThan: number
  dryRun: boolean
}

/** An unfinished upload, and where it was found. */
interface Found extends OpenUpload {
  store: ObjectStore
  uri: string
}

const EXACT_KEYS =
  'MinIO finds uploads by their exact key only: name the keys, or use --each for those of objects'

/** Uploads that were started and neither completed nor aborted: each keeps its parts, unseen. */
export function uploadsCommand(signal: AbortSignal): Command {
  return new Command('uploads')
    .description('show and sweep unfinished uploads of object stores')
    .addCommand(listCommand(signal))
    .addCommand(abortCommand(signal))
}

function listCommand(signal: AbortSignal): Command {
  return addOptions(new Command('list').description('print unfinished uploads, the oldest first'))
    .option(
      '--older-than <age>',
      'only those that were started before: 90s, 30m, 12h, 7d',
      parseAge,
    )
    .action(async (texts: string[], _, command: Command) => {
      const options = command.optsWithGlobals<UploadsOptions>()
      const found = await findUploads(texts, options, signal)
      await toStdout([options.json ? json(found) : table(found)])
    })
}

function abortCommand(signal: AbortSignal): Command {
  return addOptions(new Command('abort').description('give up unfinished uploads and their parts'))
    .requiredOption(
      '--older-than <age>',
      'younger ones may be under way: 90s, 30m, 12h, 7d',
      parseAge,
    )
    .option('--dry-run', 'only print what would be aborted', false)
    .action(async (texts: string[], _, command: Command) => {
      const options = command.optsWithGlobals<AbortOptions>()
      const found = await findUploads(texts, options, signal)
      await toStdout([options.json ? json(found) : table(found)])
      if (!options.dryRun) await abortAll(found, signal)
    })
}

/** One that cannot be aborted does not keep the others. */
async function abortAll(found: readonly Found[], signal: AbortSignal): Promise<void> {
  const failures: unknown[] = []
  for (const { store, key, upload } of found) {
    signal.throwIfAborted()
    await store.abort(key, upload, { signal }).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

function addOptions(command: Command): Command {
  return command
    .argument('[path...]', 'keys or beginnings of keys; by default the root of --storage')
    .option('--each', 'ask for the key of every object below as well', false)
    .option('--json', 'print as JSON', false)
    .addHelpText('after', `\n${EXACT_KEYS}.`)
}

async function findUploads(
  texts: readonly string[],
  options: UploadsOptions,
  signal: AbortSignal,
): Promise<Found[]> {
  const source = new StorageSource(options)
  if (texts.length === 0 && !source.given) {
    throw new UsageError('Expected a URI or --storage <source> but received neither')
  }
  const before = Date.now() - (options.olderThan ?? 0)
  const found = new Map<string, Found>()
  for (const text of texts.length === 0 ? [''] : texts) {
    const place = await placeOf(text, source, 'storage')
    if (!isRemote(place)) {
      throw new UsageError(`Expected a path in an object store but received "${text}"`)
    }
    for await (const upload of uploadsAt(place, options.each, signal)) {
      if (upload.startedMs <= before) found.set(`${upload.uri}\0${upload.upload}`, upload)
    }
  }
  return [...found.values()].sort((left, right) => left.startedMs - right.startedMs)
}

async function* uploadsAt(
  { path, storage }: Place,
  each: boolean,
  signal: AbortSignal,
): AsyncGenerator<Found> {
  const store = await openObjectStore(storage)
  const prefix = joinRoot(storage.rootPath, path)
  const found = (upload: OpenUpload): Found => {
    const uri = storageUri({ ...storage, rootPath: '' }, rooted(upload.key))
    return { ...upload, store, uri }
  }
  for await (const upload of store.listUploads(prefix, { signal })) yield found(upload)
  if (!each) return
  for await (const { path: key } of store.list(prefix, { signal })) {
    for await (const upload of store.listUploads(key, { signal })) yield found(upload)
  }
}

/** A whole key as a path below an empty root, which drops one slash in front. */
function rooted(key: string): string {
  return key.startsWith('/') ? `/${key}` : key
}

function table(found: readonly Found[]): string {
  if (found.length === 0) return 'no unfinished uploads\n'
  const rows = found.map(({ uri, upload, startedMs }) => [
    new Date(startedMs).toISOString(),
    uri,
    upload,
  ])
  return formatTable([{ title: 'started' }, { title: 'object' }, { title: 'upload' }], rows)
}

function json(found: readonly Found[]): string {
  const plain = found.map(({ uri, upload, startedMs }) => ({
    object: uri,
    upload,
    started: new Date(startedMs).toISOString(),
  }))
  return `${JSON.stringify(plain, null, 2)}\n`
}
