import { extname } from 'node:path'
import { expectString } from '../../config/index.js'
import { PackedError } from '../../errors/index.js'

/** Formats of input files. */
export const INPUT_FORMATS = ['arrow', 'parquet', 'ndjson', 'csv', 'tsv'] as const
/** One of {@link INPUT_FORMATS}. */
export type InputFormat = (typeof INPUT_FORMATS)[number]

const EXTENSIONS: Readonly<Record<string, InputFormat>> = {
  '.arrow': 'arrow',
  '.arrows': 'arrow',
  '.feather': 'arrow',
  '.ipc': 'arrow',
  '.parquet': 'parquet',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.csv': 'csv',
  '.tsv': 'tsv',
}

/** The format that an extension stands for. @throws PackedError InvalidArgument. */
export function formatOfExtension(path: string): InputFormat | undefined {
  return EXTENSIONS[extname(expectString(path, 'path')).toLowerCase()]
}

/** The format that was chosen, or else the extension's. @throws PackedError InvalidArgument. */
export function inputFormat(path: string, chosen?: InputFormat): InputFormat {
  const format = chosen ?? formatOfExtension(path)
  if (format !== undefined) return format
  const known = Object.keys(EXTENSIONS).join(', ')
  const message = `Expected a format or an extension of ${known} but received "${path}"`
  throw new PackedError('InvalidArgument', message, { path })
}
