import { randomUUID } from 'node:crypto'
import { mkdir, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expectId, expectText, parseExact, stringifyExact } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'
import { storageError, syncFolder } from '../../storage/index.js'

const FILE = 'worker.json'

/** Which channel a worker's directory is of. */
export interface WorkerIdentity {
  /** Made once, different from every other. */
  readonly workerId: string
  readonly channelName: string
  /** Undefined until the metadata store knows the channel. */
  readonly collectionId: bigint | undefined
}

/**
 * What the directory says of itself; a channel name is made for a new one, and kept, before the
 * metadata store hears of it: a store that does not know it later has lost it.
 *
 * @throws PackedError MetadataCorrupted, InvalidArgument (another channel name), StorageIO.
 */
export async function identify(
  directory: string,
  channelName: string | undefined,
): Promise<WorkerIdentity> {
  const known = await readIdentity(directory)
  const isKept = channelName === undefined || channelName === known?.channelName
  if (known !== undefined && isKept) return known
  if (known?.collectionId === undefined) {
    const workerId = known?.workerId ?? randomUUID()
    const made = {
      workerId,
      channelName: channelName ?? `channel-${workerId}`,
      collectionId: undefined,
    }
    await writeIdentity(directory, made)
    return made
  }
  const message =
    `Expected the channel of this directory ("${known.channelName}") for channelName but ` +
    `received "${channelName}"`
  throw new PackedError('InvalidArgument', message, { path: directory })
}

/** @throws PackedError StorageIO, NoSpace, PermissionDenied. */
export async function writeIdentity(directory: string, identity: WorkerIdentity): Promise<void> {
  const path = join(directory, FILE)
  const temporary = `${path}.partial`
  try {
    await mkdir(directory, { recursive: true })
    const file = await open(temporary, 'w')
    try {
      await file.writeFile(`${stringifyExact({ version: 1, ...identity }, 2)}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(directory)
  } catch (error) {
    throw storageError(error, path)
  }
}

async function readIdentity(directory: string): Promise<WorkerIdentity | undefined> {
  const path = join(directory, FILE)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw storageError(error, path)
  })
  if (text === undefined) return undefined
  try {
    const { workerId, channelName, collectionId } = parseExact(text) as Record<string, unknown>
    return {
      workerId: expectText(workerId, 'workerId'),
      channelName: expectText(channelName, 'channelName'),
      collectionId: collectionId === undefined ? undefined : expectId(collectionId, 'collectionId'),
    }
  } catch (cause) {
    const message = `${path}: ${(cause as Error).message}`
    throw new PackedError('MetadataCorrupted', message, { path, cause })
  }
}
