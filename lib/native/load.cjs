'use strict'

/**
 * Finds and loads the addon, for the ESM and the CommonJS build alike: one loader, so that both
 * share one copy of the native code.
 *
 * Order: the file named by ARROW_PACKED_ADDON (and nothing else), a local build, the prebuilt
 * binaries of this package.
 */

const fs = require('node:fs')
const path = require('node:path')

const NODE_NEEDED = [20, 17]
const GLIBC_BUILT_AGAINST = '2.34'

/**
 * Literal, so that bundlers and people can see every place. A folder for each libc: the libraries
 * beside the addon have the same names in both.
 */
const PREBUILT = {
  'linux-x64-glibc': 'prebuilds/linux-x64/arrow_packed.glibc.node',
  'linux-x64-musl': 'prebuilds/linux-x64-musl/arrow_packed.musl.node',
  'linux-arm64-glibc': 'prebuilds/linux-arm64/arrow_packed.glibc.node',
  'linux-arm64-musl': 'prebuilds/linux-arm64-musl/arrow_packed.musl.node',
  'darwin-arm64': 'prebuilds/darwin-arm64/arrow_packed.node',
}

/** The package's own folder, from lib/native as from dist/esm/native and dist/cjs/native. */
function packageRoot() {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    const file = path.join(folder, 'package.json')
    if (fs.existsSync(file) && JSON.parse(fs.readFileSync(file, 'utf8')).name === 'arrow-packed') {
      return folder
    }
  }
  throw new Error(`Expected the package arrow-packed around ${__dirname} but found none`)
}

/** glibc version at run time; undefined under musl. */
function glibcVersion() {
  if (process.platform !== 'linux') return undefined
  const report = process.report
  const before = report.excludeNetwork
  report.excludeNetwork = true // else the report may wait for name servers
  try {
    return report.getReport().header.glibcVersionRuntime
  } finally {
    report.excludeNetwork = before
  }
}

function platformKey() {
  const key = `${process.platform}-${process.arch}`
  if (process.platform !== 'linux') return key
  return `${key}-${glibcVersion() === undefined ? 'musl' : 'glibc'}`
}

function candidates() {
  const chosen = process.env.ARROW_PACKED_ADDON
  if (chosen) return [path.resolve(chosen)]
  const root = packageRoot()
  const prebuilt = PREBUILT[platformKey()]
  const places = [path.join(root, 'build/Release/arrow_packed.node')]
  if (prebuilt !== undefined) places.push(path.join(root, prebuilt))
  return places
}

function nodeIsNewEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number)
  return major > NODE_NEEDED[0] || (major === NODE_NEEDED[0] && minor >= NODE_NEEDED[1])
}

/** What to do about one failure, from what the dynamic linker said. */
function adviceFor(message) {
  const glibc = /version [`']?(GLIBC(?:XX)?_[\d.]+)'? not found/.exec(message)
  if (glibc !== null) {
    return (
      `it needs ${glibc[1]} and this system has glibc ${glibcVersion() ?? 'none (musl)'}: ` +
      'use a newer distribution, or build from source here'
    )
  }
  const library = /(lib(?:arrow|parquet)[^:\s]*): cannot open shared object file/.exec(message)
  if (library !== null) {
    return (
      `${library[1]} is not beside the addon: install the package again, or run ` +
      'scripts/setup in a source tree'
    )
  }
  if (/invalid ELF header|wrong ELF class|not a mach-o|slice is not valid/i.test(message)) {
    return 'the file is for another platform: install the package on the machine that runs it'
  }
  if (/no-addons|ERR_DLOPEN_DISABLED|disabled/.test(message)) {
    return 'native addons are switched off: run Node.js without --no-addons'
  }
  return 'build it again with scripts/setup, or install the package again'
}

function describe(failures) {
  const glibc = glibcVersion()
  const lines = [
    'Expected to load the native addon of arrow-packed but could not.',
    `Found: Node.js ${process.versions.node}, ${platformKey()}` +
      (glibc === undefined ? '' : `, glibc ${glibc}`),
    `Needed: Node.js ${NODE_NEEDED.join('.')} or newer; a package may have binaries for ` +
      `${Object.keys(PREBUILT).join(', ')}; those for Linux are built against glibc ` +
      `${GLIBC_BUILT_AGAINST}`,
  ]
  for (const { file, error } of failures) {
    const missing = !fs.existsSync(file)
    lines.push(`- ${file}: ${missing ? 'there is no such file' : error.message}`)
    if (!missing) lines.push(`  ${adviceFor(`${error.code ?? ''} ${error.message}`)}`)
  }
  if (!nodeIsNewEnough()) lines.push('What to do: update Node.js')
  else if (failures.every(({ file }) => !fs.existsSync(file))) {
    lines.push(
      process.env.ARROW_PACKED_ADDON
        ? 'What to do: correct or unset ARROW_PACKED_ADDON'
        : 'What to do: run scripts/setup in a source tree, or install the package again',
    )
  }
  return lines.join('\n')
}

/** Every failure is kept: the last one is seldom the one that matters. */
exports.loadAddon = function loadAddon() {
  const failures = []
  for (const file of candidates()) {
    try {
      return require(file)
    } catch (error) {
      failures.push({ file, error })
    }
  }
  const error = new Error(describe(failures), { cause: failures[0]?.error })
  error.code = 'ERR_ARROW_PACKED_ADDON'
  throw error
}

/** As in the table above; the build of packages names their folders by it. */
exports.platformKey = platformKey
