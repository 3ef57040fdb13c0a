/** Installs and builds what peers need into build/bench-peers, once and on demand. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { BENCH, INSTALLED, ROOT } from './paths.mjs'

function run(command, cwd) {
  const [program, ...args] = command
  const { status, error, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' })
  if (status === 0) return
  const reason = error?.message ?? `${stdout}${stderr}`.trim().split('\n').slice(-20).join('\n')
  throw new Error(`${command.slice(0, 2).join(' ')} failed: ${reason}`)
}

function digest(folder, names) {
  const hash = createHash('sha256')
  for (const name of names) hash.update(readFileSync(join(folder, name)))
  return hash.digest('hex')
}

/** Sources; how they are formatted is no part of what is built. */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'rustfmt.toml')
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort()

/** Copies `names` of `source` to a folder of its own and works there, unless that is done. */
function once(title, { source, names, work }) {
  const folder = join(INSTALLED, title)
  const stamp = join(folder, '.stamp')
  const version = digest(source, names)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === version) return
  process.stderr.write(`installing the peers of ${title}\n`)
  mkdirSync(folder, { recursive: true })
  rmSync(stamp, { force: true })
  for (const name of names)
    cpSync(join(source, name), join(folder, name), { preserveTimestamps: true })
  work(folder)
  writeFileSync(stamp, version)
}

/** Packages of bench/package.json. Optional ones are of other machines, or models. */
function installNpm() {
  once('npm', {
    source: BENCH,
    names: ['package.json', 'package-lock.json'],
    work: (folder) => {
      cpSync(join(ROOT, '.npmrc'), join(folder, '.npmrc'))
      run(['npm', 'ci', '--omit=optional', '--omit=peer', '--no-update-notifier'], folder)
    },
  })
}

/** In a copy, so that no lock file appears in the sources. */
function installCargo() {
  const source = join(BENCH, 'peers', 'arrow_rs')
  once('arrow_rs', {
    source,
    names: filesOf(source),
    work: (folder) => run(['cargo', 'build', '--release', '--quiet'], folder),
  })
}

function installGo() {
  const source = join(BENCH, 'peers', 'arrow_go')
  once('arrow_go', {
    source,
    names: filesOf(source),
    work: (folder) => run(['go', 'build', '-o', 'peer', '.'], folder),
  })
}

/** Against the Arrow that the addon is built with. */
function installCpp() {
  const source = join(BENCH, 'peers', 'arrow_cpp')
  const arrow = join(ROOT, 'build', 'arrow', '26.0.1', 'pyarrow')
  const libraries = ['libparquet.so.2600', 'libarrow.so.2600'].map((name) => join(arrow, name))
  const names = filesOf(source)
  const sources = names.filter((name) => name.endsWith('.cc'))
  const flags = ['-std=c++20', '-O3', '-DNDEBUG', '-pthread', '-isystem', join(arrow, 'include')]
  once('arrow_cpp', {
    source,
    names,
    work: (folder) =>
      run(['g++', ...flags, ...sources, '-o', 'peer', ...libraries, `-Wl,-rpath,${arrow}`], folder),
  })
}

function checkPython() {
  const homes = [join(ROOT, 'build', 'python'), join(ROOT, 'build', 'arrow', '26.0.1')]
  if (homes.some((home) => existsSync(join(home, 'pyarrow')))) return
  throw new Error('Expected pyarrow in build/python but found none; run scripts/setup')
}

function checkOurs() {
  if (existsSync(join(ROOT, 'dist', 'esm', 'index.js'))) return
  throw new Error('Expected the library in dist but found none; run scripts/setup')
}

const INSTALLERS = {
  npm: installNpm,
  cargo: installCargo,
  go: installGo,
  cpp: installCpp,
  python: checkPython,
  ours: checkOurs,
}

/** Makes the peers ready. @throws what the first one that cannot be made ready says. */
export function install(peers) {
  const needs = new Set(peers.map((peer) => peer.install))
  for (const need of needs) INSTALLERS[need]()
}
