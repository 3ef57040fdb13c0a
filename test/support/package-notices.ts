/** What the native files of a package show of the software that is linked into them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PackedPackage } from './package-install.js'

/** Names and messages that only the code of each has. */
const MARKS = {
  'azure-sdk-for-cpp': 'N5Azure7Storage',
  bzip2: 'libbzip2: internal error',
  crc32c: 'crc32c',
  jemalloc: 'jemalloc',
  mimalloc: 'mimalloc',
  'nlohmann-json': '8nlohmann',
  openssl: 'OpenSSL 3',
  orc: 'N3orc',
  rapidjson: 'rapidjson',
  re2: 're2',
  Thrift: 'N6apache6thrift',
  xsimd: '5xsimd',
  zlib: ' deflate 1',
}

/** What {@link linkedParts} knows by its marks. */
export const MARKED = Object.keys(MARKS)

/** The files under prebuilds, of one platform; `text` has a character for each byte. */
export function nativeFiles({ folder }: PackedPackage): { name: string; text: string }[] {
  const [place] = readdirSync(join(folder, 'prebuilds'))
  const home = join(folder, 'prebuilds', place!)
  return readdirSync(home).map((name) => {
    return { name, text: readFileSync(join(home, name), 'latin1') }
  })
}

/** Names of what is linked into them: the folder that a part was built in stands in its messages. */
export function linkedParts(packed: PackedPackage): string[] {
  return nativeFiles(packed).flatMap(({ text }) => [
    ...[...text.matchAll(/\/buildtrees\/([\w-]+)\/src\//g)].map(([, name]) => name!),
    ...Object.entries(MARKS).flatMap(([name, mark]) => (text.includes(mark) ? [name] : [])),
  ])
}
