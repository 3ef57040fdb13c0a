/** The package as its users have it: packed from a clean clone, installed without a network. */
import { execFileSync, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { delimiter, dirname, join } from 'node:path'

const ROOT = join(__dirname, '..', '..')
const TIMEOUT_MS = 120_000
const LIB = 'ES2022,ESNext.Disposable'

/** Paths of packages below the checkout, with all that they need (scripts/runtime-packages.mjs). */
function packagesBelow(names?: readonly string[]): string[] {
  const script = `import(${JSON.stringify(join(ROOT, 'scripts/runtime-packages.mjs'))})
    .then(({ runtimePackages }) => console.log(JSON.stringify(
      runtimePackages(${JSON.stringify(ROOT)}, ${JSON.stringify(names)}))))`
  const output = execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' })
  return JSON.parse(output) as string[]
}

/** Hard links, as nothing changes them; what is in the folder of another comes along with it. */
function linkPackages(paths: readonly string[], home: string): void {
  for (const path of paths) {
    if (existsSync(join(home, path))) continue
    mkdirSync(dirname(join(home, path)), { recursive: true })
    execFileSync('cp', ['-al', join(ROOT, path), join(home, path)])
  }
}

export interface PackedPackage {
  tarball: string
  /** Paths in the package, `package.json` for one. */
  files: string[]
  /** The folder that was packed. */
  folder: string
}

/**
 * `scripts/prebuild` and `npm pack` in a clone of HEAD, over the dist/, node_modules/ and
 * build/native of this checkout.
 */
export function packPackage(directory: string): PackedPackage {
  const folder = join(directory, 'clone')
  execFileSync('git', ['clone', '--quiet', ROOT, folder])
  execFileSync('cp', ['-al', join(ROOT, 'dist'), join(folder, 'dist')])
  linkPackages(packagesBelow(), folder)
  execFileSync(join(ROOT, 'scripts/prebuild'), ['--built', folder])
  return npmPack(folder, directory)
}

function npmPack(folder: string, destination: string): PackedPackage {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const output = execFileSync('npm', args, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 << 20,
  })
  const [{ filename, files }] = JSON.parse(output) as [
    { filename: string; files: { path: string }[] },
  ]
  return { tarball: join(destination, filename), files: files.map(({ path }) => path), folder }
}

/** The command that runs another without a network; none where the system does not allow it. */
export const CUT_NETWORK: readonly string[] | undefined = [
  ['unshare', '--net'],
  ['unshare', '--map-root-user', '--net'],
].find(([command, ...flags]) => spawnSync(command!, [...flags, 'true']).status === 0)

function npmScript(): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const npm = folders.map((folder) => join(folder, 'npm')).find((file) => existsSync(file))
  if (npm === undefined) throw new Error('Expected npm in PATH but found none')
  return realpathSync(npm)
}

/**
 * A version of apache-arrow with all that it needs inside, so that npm asks nobody for it.
 *
 * @param arrow the name under which this checkout has the version.
 */
function packArrow(directory: string, arrow: string): string {
  const folder = join(directory, `${arrow}-with-dependencies`)
  execFileSync('cp', ['-al', join(ROOT, 'node_modules', arrow), folder])
  const within = packagesBelow([arrow]).filter(
    (path) => !`${path}/`.startsWith(`node_modules/${arrow}/`),
  )
  linkPackages(within, folder)
  const file = join(folder, 'package.json')
  const manifest = JSON.parse(readFileSync(file, 'utf8'))
  rmSync(file) // a link: what it leads to stays as it is
  writeFileSync(file, JSON.stringify({ ...manifest, bundleDependencies: true }))
  return npmPack(folder, directory).tarball
}

/** A folder that somebody works in, with the scripts of `package/` in it. */
export class Consumer {
  readonly folder: string

  constructor(directory: string, name: string) {
    this.folder = join(directory, name)
    cpSync(join(__dirname, 'package'), this.folder, { recursive: true })
    // All that PATH has: no compiler, no Python, no shell.
    mkdirSync(join(this.folder, 'bin'))
    symlinkSync(process.execPath, join(this.folder, 'bin', 'node'))
    writeFileSync(join(this.folder, 'package.json'), '{ "name": "consumer", "private": true }')
  }

  /** What a program prints, run in the folder with an empty environment and no network. */
  run(program: string, args: readonly string[] = []): string {
    const [command, ...rest] = [
      ...(CUT_NETWORK ?? []),
      ...['env', '-i', `PATH=${join(this.folder, 'bin')}`, `HOME=${this.folder}`],
      ...[program, ...args],
    ]
    const run = spawnSync(command!, rest, {
      cwd: this.folder,
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
    })
    if (run.status === 0) return run.stdout
    const said = `${run.stdout}${run.stderr}`
    throw new Error(`Expected ${program} ${args} to end well but received ${said}`)
  }

  node(...args: string[]): string {
    return this.run(process.execPath, args)
  }

  /** As a user does it, into an empty folder with an empty cache. */
  install({ tarball }: PackedPackage): void {
    const arrow = packArrow(this.folder, 'apache-arrow')
    const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund']
    this.node(npmScript(), 'install', ...flags, '--no-update-notifier', arrow, tarball)
  }

  /** The package as it was installed elsewhere, beside another version of apache-arrow. */
  installAs(other: Consumer, arrow: string): void {
    linkPackages(packagesBelow([arrow]), this.folder)
    const modules = join(this.folder, 'node_modules')
    renameSync(join(modules, arrow), join(modules, 'apache-arrow'))
    execFileSync('cp', ['-al', join(other.folder, 'node_modules', 'arrow-packed'), modules])
  }

  /** What tsc says of files here, types of libraries checked as well; `lib` and `module` are its options. */
  typeErrors(files: readonly string[], { lib = LIB, module = ['NodeNext'] } = {}): string {
    const types = join('node_modules', '@types', 'node')
    if (!existsSync(join(this.folder, types))) {
      linkPackages(packagesBelow(['@types/node']), this.folder)
    }
    const flags = ['--noEmit', '--strict', '--target', 'ES2022', '--module', ...module]
    const libraries = ['--lib', lib, '--types', 'node']
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const run = spawnSync(process.execPath, [tsc, ...flags, ...libraries, ...files], {
      cwd: this.folder,
      encoding: 'utf8',
    })
    return run.stdout
  }
}
