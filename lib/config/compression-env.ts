import type { FlatSettings, SettingKey } from './compression-checks.js'
import type { CompressionConfig, ResolvedCompressionConfig } from './compression-config.js'
import { COMPRESSION_BLOCKS, CONCURRENCY_ALIAS, namesOfBlock } from './compression-names.js'
import { expectObject } from './expect.js'
import { completeSettings, flatSettings } from './resolve-compression.js'
import { SaidSettings } from './said-settings.js'
import { normalName } from './storage-names.js'

type Environment = Readonly<Record<string, string | undefined>>

/** Milvus reads `MILVUS_CONF_COMMON_STORAGE_ZSTD_CONCURRENCY` before the name without it. */
const MILVUS_PREFIX = 'MILVUS_CONF_'

/** Names of variables, without underscores and case. */
const VARIABLES: ReadonlyMap<string, SettingKey> = new Map([
  [normalName(CONCURRENCY_ALIAS), 'concurrency'],
  ...COMPRESSION_BLOCKS.flatMap((block) =>
    namesOfBlock(block).map(([name, key]): [string, SettingKey] => [
      normalName(`storage.${block}.${name}`),
      key,
    ]),
  ),
])

/**
 * A configuration of compression with what the environment says instead of it:
 * `STORAGE_COMPRESSION_LEVEL`, `STORAGE_ENCODING_DICTIONARY_THRESHOLD`, …; docs/compression.md has
 * the table. As with Milvus, variables go before files.
 *
 * @param otherwise what holds where no variable is set, such as what a file says.
 * @throws PackedError InvalidArgument, NotSupported.
 */
export function compressionConfigFromEnv(
  env: Environment = process.env,
  otherwise: CompressionConfig = {},
): ResolvedCompressionConfig {
  expectObject(env, 'env')
  return completeSettings({ ...flatSettings(otherwise), ...settingsOfEnv(env) })
}

function settingsOfEnv(env: Environment): Partial<FlatSettings> {
  const found = new Map<string, string>()
  const add = (variable: string, short: string) => {
    if (env[variable] && VARIABLES.has(normalName(short))) found.set(normalName(short), variable)
  }
  const variables = Object.keys(env)
  for (const variable of variables) add(variable, variable)
  for (const variable of variables) {
    if (variable.startsWith(MILVUS_PREFIX)) add(variable, variable.slice(MILVUS_PREFIX.length))
  }
  const said = new SaidSettings()
  for (const [name, variable] of found) said.add(VARIABLES.get(name)!, variable, env[variable])
  return said.values
}
