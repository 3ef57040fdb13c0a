import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { Option } from 'commander'
import {
  parseStorageConfig,
  type StorageConfig,
  type StorageFamily,
  storageConfigFromEnv,
  storageConfigFromMilvusYaml,
} from '../config/index.js'
import { UsageError } from './failure.js'

/** What the option of {@link storageOption} becomes. */
export interface StorageOptions {
  storage?: string
}

/** The option that says how object stores are reached; the program's, so every verb has it. */
export function storageOption(): Option {
  return new Option(
    '--storage <source>',
    'how object stores are reached: a .json file, a milvus.yaml, or env',
  ).env('PACKED_STORAGE')
}

/** The value that stands for the environment; without `--storage` URIs take it as well. */
const ENVIRONMENT = 'env'

/** Where configurations of storage come from: read once, completed for every place. */
export class StorageSource {
  readonly #name: string | undefined
  #text: Promise<string> | undefined

  constructor({ storage }: StorageOptions) {
    const known = [ENVIRONMENT, '.json', '.yaml', '.yml']
    if (storage !== undefined && !known.includes(extname(storage) || storage)) {
      throw new UsageError(
        `Expected a .json or .yaml file, or env, for --storage but received "${storage}"`,
      )
    }
    this.#name = storage
  }

  /** Somebody said where plain paths are. */
  get given(): boolean {
    return this.#name !== undefined
  }

  /** @throws PackedError InvalidArgument, and those of a file that cannot be read. */
  async config(instead: StorageConfig = {}, family?: StorageFamily): Promise<StorageConfig> {
    const name = this.#name ?? ENVIRONMENT
    if (name === ENVIRONMENT) return storageConfigFromEnv(process.env, instead, family)
    this.#text ??= readFile(name, 'utf8')
    const text = await this.#text
    const parse = extname(name) === '.json' ? parseStorageConfig : storageConfigFromMilvusYaml
    return parse(text, instead)
  }
}
