// Writes THIRD-PARTY-NOTICES into a package folder: the terms of everything that `npm pack` bundles
// there, Arrow's libraries with all that is linked into them, and the runtime dependencies.
//
//   node scripts/third-party-notices.mjs DIR    DIR has the package's node_modules; default: here
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runtimePackages } from './runtime-packages.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const directory = resolve(process.argv[2] ?? ROOT)
const RULE = '='.repeat(80)

/** Licence and notice of the Arrow that is pinned: the wheel carries them. */
function arrowTexts() {
  const resolving = readFileSync(join(ROOT, 'cmake/ResolveArrow.cmake'), 'utf8')
  const version = /PACKED_ARROW_VERSION ([\d.]+)/.exec(resolving)[1]
  const licenses = join(ROOT, `build/arrow/${version}/pyarrow-${version}.dist-info/licenses`)
  const texts = ['NOTICE.txt', 'LICENSE.txt'].map((name) =>
    readFileSync(join(licenses, name), 'utf8'),
  )
  return [`Apache Arrow C++ and Parquet ${version} (Apache-2.0)`, ...texts].join('\n\n').trim()
}

/** What a package says of its terms: its licence and notice files, else who wrote it. */
function termsOf(folder, { license, author, repository }) {
  const files = readdirSync(folder).filter((name) => /^(licen[cs]e|copying|notice)/i.test(name))
  if (files.length > 0) return files.sort().map((name) => readFileSync(join(folder, name), 'utf8'))
  const who = typeof author === 'string' ? author : (author?.name ?? 'its authors')
  const where = typeof repository === 'string' ? repository : repository?.url
  return [`Copyright ${who}, under the license ${license} (${where}).`]
}

/** One entry for packages of the same words: those of the AWS SDK are many. */
function packageTexts() {
  const namesByTerms = new Map()
  for (const path of runtimePackages(directory)) {
    const folder = join(directory, path)
    const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const terms = termsOf(folder, manifest)
      .map((text) => text.trim())
      .join('\n\n')
    const name = `${manifest.name} ${manifest.version} (${manifest.license})`
    namesByTerms.set(terms, [...(namesByTerms.get(terms) ?? []), name])
  }
  return [...namesByTerms].map(([terms, names]) => `${[...new Set(names)].join('\n')}\n\n${terms}`)
}

const opening = `arrow-packed is licensed under the Apache License 2.0, see LICENSE, and NOTICE for what its own
native code contains. This file has the terms of the other software in the package: the libraries
under prebuilds and the packages under node_modules.`
const natives = readFileSync(join(ROOT, 'scripts/native-notices.txt'), 'utf8').trim()
const parts = [opening, natives, arrowTexts(), ...packageTexts()]
writeFileSync(join(directory, 'THIRD-PARTY-NOTICES'), `${parts.join(`\n\n${RULE}\n`)}\n`)
