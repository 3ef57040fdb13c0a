import { readFile } from 'node:fs/promises'
import { parseExact } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import { type CollectionSchema, collectionSchemaFromJson } from '../schema/index.js'
import { openChunkManager } from '../storage/index.js'
import { isRemote, placeOf } from './place.js'
import type { StorageSource } from './storage-source.js'

/** A collection as JSON, in a file or an object. @throws PackedError InvalidSchema, NotFound, … */
export async function schemaFromFile(
  path: string,
  source: StorageSource,
): Promise<CollectionSchema> {
  const text = await readText(path, source)
  try {
    return collectionSchemaFromJson(parseExact(text))
  } catch (cause) {
    const message = `Expected a collection schema in ${path} but received: ${(cause as Error).message}`
    throw new PackedError('InvalidSchema', message, { path, cause })
  }
}

async function readText(path: string, source: StorageSource): Promise<string> {
  const place = await placeOf(path, source, 'local')
  if (!isRemote(place)) return readFile(place.path, 'utf8')
  const chunks = await openChunkManager(place.storage)
  return Buffer.from(await chunks.read(place.path)).toString('utf8')
}
