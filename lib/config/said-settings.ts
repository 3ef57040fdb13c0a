import { PackedError } from '../errors/index.js'
import { type FlatSettings, SETTING_CHECKS, type SettingKey } from './compression-checks.js'
import { bytesOfText, flagOfText, integerOfText, numberOfText } from './setting-text.js'

const FROM_TEXT: Readonly<Record<SettingKey, (text: string, name: string) => unknown>> = {
  level: integerOfText,
  concurrency: integerOfText,
  blockBytes: bytesOfText,
  dictBytes: bytesOfText,
  enableDeltaEncoding: flagOfText,
  dictionaryThreshold: numberOfText,
  vectorQuantizationBits: integerOfText,
}

/**
 * Settings as a file or the environment says them: each by any of its names, numbers and flags
 * also as texts; an empty text says nothing.
 */
export class SaidSettings {
  readonly #values: Partial<FlatSettings> = {}
  readonly #names = new Map<SettingKey, string>()

  /** Checked, by key. */
  get values(): Partial<FlatSettings> {
    return this.#values
  }

  /**
   * @param name what the source calls it, for errors.
   * @throws PackedError InvalidArgument, also where another name said something else.
   */
  add<Key extends SettingKey>(key: Key, name: string, value: unknown): void {
    if (value === '' || value === null || value === undefined) return
    const given = typeof value === 'string' ? FROM_TEXT[key](value, name) : value
    const checked = SETTING_CHECKS[key](given, name)
    const before = this.#values[key]
    if (before !== undefined && before !== checked) {
      throw new PackedError(
        'InvalidArgument',
        `Expected one value for ${this.#names.get(key)} and ${name}, which are the same, but ` +
          `received ${before} and ${checked}`,
      )
    }
    this.#values[key] = checked
    this.#names.set(key, name)
  }
}
