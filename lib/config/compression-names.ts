import type { SettingKey } from './compression-checks.js'
import { DEFAULT_COMPRESSION_CONFIG, type ResolvedCompressionConfig } from './compression-config.js'
import { unknownOption } from './expect.js'
import { normalName } from './storage-names.js'

export type CompressionBlock = keyof ResolvedCompressionConfig

/** The blocks of the YAML below `storage`. */
export const COMPRESSION_BLOCKS = Object.keys(DEFAULT_COMPRESSION_CONFIG) as CompressionBlock[]

/** Milvus's own name for the concurrency. */
export const CONCURRENCY_ALIAS = 'common.storage.zstd.concurrency'

/** What YAML calls differently. */
const FILE_NAMES: Readonly<Partial<Record<SettingKey, string>>> = {
  blockBytes: 'blockSize',
  dictBytes: 'dictSize',
}

/** Every key of a block in its order. */
export function keysOfBlock(block: CompressionBlock): SettingKey[] {
  return Object.keys(DEFAULT_COMPRESSION_CONFIG[block]) as SettingKey[]
}

/** Names by which files and the environment may call the settings of a block, with their keys. */
export function namesOfBlock(block: CompressionBlock): [name: string, key: SettingKey][] {
  return keysOfBlock(block).flatMap((key) => {
    const fileName = FILE_NAMES[key]
    const names: string[] = fileName === undefined ? [key] : [fileName, key]
    return names.map((name): [string, SettingKey] => [name, key])
  })
}

/**
 * The setting of a block that a name means; case and underscores do not matter.
 *
 * @param where the block, for the error.
 * @throws PackedError InvalidArgument with the nearest name.
 */
export function settingKeyOf(block: CompressionBlock, name: string, where: string): SettingKey {
  const names = namesOfBlock(block)
  const wanted = normalName(name)
  const found = names.find(([known]) => normalName(known) === wanted)
  if (found !== undefined) return found[1]
  throw unknownOption(
    name,
    names.map(([known]) => known),
    where,
  )
}
