import type { FlatSettings } from './compression-checks.js'
import type { CompressionConfig, ResolvedCompressionConfig } from './compression-config.js'
import { COMPRESSION_BLOCKS, CONCURRENCY_ALIAS, settingKeyOf } from './compression-names.js'
import { unexpected } from './expect.js'
import { milvusYaml, type YamlPath } from './milvus-yaml.js'
import { completeSettings, flatSettings } from './resolve-compression.js'
import { SaidSettings } from './said-settings.js'
import { normalName } from './storage-names.js'

const STORAGE = 'storage'

/**
 * The configuration of compression in a `milvus.yaml`: `storage.compression`, `storage.encoding`
 * and `common.storage.zstd.concurrency`, with the defaults for what the file leaves out. Nothing
 * else in the file is looked at. `instead` goes before what the text says.
 *
 * @throws PackedError InvalidArgument for what is no YAML, unknown names in the two blocks, wrong
 * values, and two names of one setting that do not agree; NotSupported.
 */
export function compressionConfigFromYaml(
  text: string,
  instead: CompressionConfig = {},
): ResolvedCompressionConfig {
  return completeSettings({ ...settingsOfYaml(text), ...flatSettings(instead) })
}

function settingsOfYaml(text: string): Partial<FlatSettings> {
  const said = new SaidSettings()
  for (const [path, value] of milvusYaml(text)) {
    if (normalPath(path) === CONCURRENCY_ALIAS) said.add('concurrency', CONCURRENCY_ALIAS, value)
    const block = COMPRESSION_BLOCKS.find(
      (one) => normalPath(path.slice(0, 2)) === `${STORAGE}.${one}`,
    )
    if (block === undefined) continue
    const where = `${STORAGE}.${block}`
    if (path.length > 2) {
      const name = path.slice(2).join('.')
      said.add(settingKeyOf(block, name, where), `${where}.${name}`, value)
    } else if (value !== '' && (typeof value === 'string' || Array.isArray(value))) {
      throw unexpected('a map', where, value)
    }
  }
  return said.values
}

function normalPath(path: YamlPath): string {
  return path.map(normalName).join('.')
}
