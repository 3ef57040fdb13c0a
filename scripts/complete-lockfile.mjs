// Completes package-lock.json, or the lock file that is named, after `npm install`.
//
// npm leaves a platform package out of the lock file when the registry in use does not serve
// it, and `npm ci` then refuses the whole file ("Missing ... from lock file"), on every platform.
// Such a package is optional and never installed here: its version and platform are enough.
// With --check nothing is written; the exit code says whether something is missing.
import { readFileSync, writeFileSync } from 'node:fs'

const named = process.argv.slice(2).find((argument) => !argument.startsWith('--'))
const file = named ?? new URL('../package-lock.json', import.meta.url)
const lock = JSON.parse(readFileSync(file, 'utf8'))

// A platform package is named <scope>-<os>-<cpu>[-<abi>].
const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32']
const processors = {
  arm: /^arm(v\d+)?(-|$)/,
  arm64: /^(arm64|aarch64)/,
  ia32: /^ia32/,
  loong64: /^loong64/,
  ppc64: /^ppc64/,
  riscv64: /^riscv64/,
  s390x: /^s390x/,
  x64: /^x64/,
}

/** What npm would have written for an optional platform package, read from its name. */
function platformEntry(name, version, parent) {
  const os = systems.find((system) => name.includes(`-${system}-`))
  if (!os) throw new Error(`Expected a platform in the package name but received ${name}`)
  const rest = name.slice(name.indexOf(`-${os}-`) + os.length + 2)
  const cpu = Object.keys(processors).find((key) => processors[key].test(rest))
  if (!cpu) throw new Error(`Expected a processor in the package name but received ${name}`)
  return {
    version,
    cpu: [cpu],
    ...(parent.dev ? { dev: true } : {}),
    ...(os === 'linux' ? { libc: [rest.includes('musl') ? 'musl' : 'glibc'] } : {}),
    optional: true,
    os: [os],
  }
}

/** Node's module resolution, over the keys of the lock file: nested folders first. */
function isLocked(parentPath, name) {
  const folders = parentPath.split('/node_modules/')
  while (folders.length > 0) {
    if (`${folders.join('/node_modules/')}/node_modules/${name}` in lock.packages) return true
    folders.pop()
  }
  return `node_modules/${name}` in lock.packages
}

const added = {}
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (isLocked(path, name)) continue
    added[`node_modules/${name}`] = platformEntry(name, version, entry)
  }
}

const names = Object.keys(added)
for (const name of names) console.log(`missing: ${name} ${added[name].version}`)
if (names.length === 0) {
  console.log(`${named ?? 'package-lock.json'} is complete`)
} else if (process.argv.includes('--check')) {
  process.exitCode = 1
} else {
  const all = Object.entries({ ...lock.packages, ...added })
  lock.packages = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)))
  writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`)
  console.log(`added ${names.length} entries to ${named ?? 'package-lock.json'}`)
}
