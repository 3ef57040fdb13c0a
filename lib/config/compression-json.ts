import type { CompressionConfig, ResolvedCompressionConfig } from './compression-config.js'
import { COMPRESSION_BLOCKS, settingKeyOf } from './compression-names.js'
import { expectKnownKeys, expectObject } from './expect.js'
import { jsonObject } from './json-object.js'
import { completeSettings, flatSettings } from './resolve-compression.js'
import { SaidSettings } from './said-settings.js'

/**
 * A configuration of compression from JSON, `{ "compression": {…}, "encoding": {…} }`: the text,
 * or the parsed object.
 *
 * Names are those of {@link CompressionConfig} or of YAML (`blockSize`); case and underscores do
 * not matter. Numbers and flags may be texts (`"1MB"`), null and the empty text say nothing.
 * `instead` goes before what the text says.
 *
 * @throws PackedError InvalidArgument, NotSupported.
 */
export function parseCompressionConfig(
  json: unknown,
  instead: CompressionConfig = {},
): ResolvedCompressionConfig {
  const given = jsonObject(json, 'CompressionConfig')
  expectKnownKeys(given, COMPRESSION_BLOCKS, 'CompressionConfig')
  const said = new SaidSettings()
  for (const block of COMPRESSION_BLOCKS) {
    if (given[block] === undefined || given[block] === null) continue
    for (const [name, value] of Object.entries(expectObject(given[block], block))) {
      said.add(settingKeyOf(block, name, block), `${block}.${name}`, value)
    }
  }
  return completeSettings({ ...said.values, ...flatSettings(instead) })
}
