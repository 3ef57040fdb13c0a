/** What users install: entry points, both module systems, nothing run at install, few symbols. */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'))

/** Every path that `exports` names, of all conditions. */
function targets(node: unknown): string[] {
  if (typeof node === 'string') return [node]
  return Object.values(node as Record<string, unknown>).flatMap(targets)
}

/** Names of the functions and objects that a library exports. */
function exportsOf(library: string): string[] {
  const output = execFileSync('nm', ['--dynamic', '--defined-only', '--format=posix', library], {
    encoding: 'utf8',
  })
  const symbols = output
    .trim()
    .split('\n')
    .map((line) => line.split(' '))
  // "A" is the name of a symbol version, not a symbol.
  return symbols.flatMap(([name, kind]) => (kind === 'A' ? [] : [name!.split('@')[0]!])).sort()
}

describe('package.json', () => {
  test('every entry point exists after the build', () => {
    const paths = [manifest.main, manifest.module, manifest.types, ...targets(manifest.exports)]
    expect(paths.length).toBeGreaterThan(10)
    expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('every command exists and is executable by node', () => {
    const commands = Object.values<string>(manifest.bin).map((path) => join(ROOT, path))
    for (const command of commands) {
      expect(readFileSync(command, 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    }
  })

  test('nothing runs when the package is installed', () => {
    const hooks = ['preinstall', 'install', 'postinstall', 'prepare', 'prepublish']
    expect(Object.keys(manifest.scripts).filter((name) => hooks.includes(name))).toEqual([])
    // Without it npm runs node-gyp on its own wherever it sees a binding.gyp.
    expect(manifest.gypfile).toBe(false)
  })

  test('every runtime dependency is bundled', () => {
    // A list, as not every tool knows `true`.
    expect(manifest.bundleDependencies).toEqual(Object.keys(manifest.dependencies))
  })

  test('development tools are pinned exactly', () => {
    for (const version of Object.values(manifest.devDependencies)) {
      expect(version).toMatch(/^(npm:apache-arrow@)?\d+\.\d+\.\d+(-r\.\d+)?$/)
    }
  })
})

describe('NOTICE', () => {
  const notice = readFileSync(join(ROOT, 'NOTICE'), 'utf8')

  test('has the terms of the ZSTD that is linked, and who wrote it', () => {
    const versions = readdirSync(join(ROOT, 'build', 'zstd')).filter((name) => /^\d/.test(name))
    expect(versions).toHaveLength(1)
    const [version] = versions
    expect(notice).toContain(`Zstandard ${version} `)
    const sources = join(ROOT, 'build', 'zstd', version!)
    expect(notice).toContain(readFileSync(join(sources, 'LICENSE'), 'utf8').trim())
    const holders = new Set<string>()
    for (const path of readdirSync(join(sources, 'lib'), { recursive: true, encoding: 'utf8' })) {
      if (!/^(common|compress|decompress|dictBuilder)\/.*\.[chS]$/.test(path)) continue
      const text = readFileSync(join(sources, 'lib', path), 'utf8')
      for (const [, who] of text.matchAll(/Copyright \([cC]\) [\d ,-]*([A-Z]\w+ [A-Z]\w+)/g)) {
        holders.add(who!)
      }
    }
    expect([...holders].sort()).toEqual([
      'Meta Platforms',
      'Tino Reichardt',
      'Yann Collet',
      'Yuta Mori',
    ])
    expect([...holders].filter((who) => !notice.includes(who))).toEqual([])
  })
})

describe('package-lock.json', () => {
  const directory = temporaryDirectory('lock')

  test('npm ci accepts it', () => {
    for (const file of ['package.json', 'package-lock.json', '.npmrc']) {
      copyFileSync(join(ROOT, file), join(directory, file))
    }
    const run = spawnSync('npm', ['ci', '--dry-run', '--offline'], {
      cwd: directory,
      encoding: 'utf8',
    })
    expect(run.stderr).not.toContain('EUSAGE')
    expect(run.status).toBe(0)
  })

  test('it names no registry', () => {
    const entries = Object.values<{ resolved?: string }>(lock.packages)
    expect(entries.length).toBeGreaterThan(200)
    expect(entries.filter((entry) => entry.resolved !== undefined)).toEqual([])
  })
})

describe('module systems', () => {
  const directory = temporaryDirectory('modules')
  // By name, from within the package: what `exports` says decides.
  const body = `
    const error = new PackedError('NotFound', 'gone', { path: 'a' })
    console.log(JSON.stringify([typeof PackedReader.open, isPackedError(error), typeof exportStream]))`

  function run(name: string, source: string): unknown {
    writeFileSync(join(directory, name), source)
    const output = execFileSync(process.execPath, [join(directory, name)], { encoding: 'utf8' })
    return JSON.parse(output)
  }

  test('import', () => {
    const source = `
      import { isPackedError, PackedError, PackedReader } from 'arrow-packed'
      import { exportStream } from 'arrow-packed/cdata'
      ${body}`
    expect(run('smoke.mjs', source)).toEqual(['function', true, 'function'])
  })

  test('require', () => {
    const source = `
      const { isPackedError, PackedError, PackedReader } = require('arrow-packed')
      const { exportStream } = require('arrow-packed/cdata')
      ${body}`
    expect(run('smoke.cjs', source)).toEqual(['function', true, 'function'])
  })

  test('both in one process share the native code and know each other’s errors', () => {
    const source = `
      import { createRequire } from 'node:module'
      import * as esm from 'arrow-packed'
      const cjs = createRequire(import.meta.url)('arrow-packed')
      const lent = esm.allocate(1 << 20)
      const error = new cjs.PackedError('Closed', 'closed')
      console.log(JSON.stringify([
        esm.PackedError === cjs.PackedError, esm.isPackedError(error),
        JSON.stringify(esm.memoryUsage()) === JSON.stringify(cjs.memoryUsage()), lent.byteLength,
      ]))`
    expect(run('both.mjs', source)).toEqual([false, true, true, 1 << 20])
  })
})

describe('prebuilt binaries', () => {
  const directory = temporaryDirectory('exports')

  test('the loader looks for what the workflow builds', () => {
    const workflow = parse(readFileSync(join(ROOT, '.github/workflows/prebuild.yml'), 'utf8'))
    const built = workflow.jobs.prebuild.strategy.matrix.include.map(
      ({ platform }: { platform: string }) => `prebuilds/${platform}`,
    )
    const loader = readFileSync(join(ROOT, 'lib/native/load.cjs'), 'utf8')
    const found = [...loader.matchAll(/'(prebuilds\/[\w-]+)\/arrow_packed\./g)].map(
      ([, path]) => path,
    )
    expect(found).toHaveLength(5)
    expect(found.sort()).toEqual(built.sort())
  })

  test.each([
    ['binding/addon.map', 'arrow_packed.node'],
    ['cpp/c_api.map', 'libpacked.so'],
    ['cpp/plugin/s3_plugin.map', 'libarrow_packed_s3.so'],
  ])('the list for the linker of macOS, of %s, has what %s exports here', (map, library) => {
    const list = join(directory, 'list')
    const script = join(ROOT, 'cmake/Exports.cmake')
    execFileSync('cmake', [`-DMAP=${join(ROOT, map)}`, `-DLIST=${list}`, '-P', script])
    const names = readFileSync(list, 'utf8').trim().split('\n').sort()
    const exported = exportsOf(join(ROOT, 'build/Release', library))
    expect(names).toEqual(exported.map((name) => `_${name}`))
  })
})

describe('exported symbols', () => {
  test('the addon exports its registration and nothing else', () => {
    expect(exportsOf(join(ROOT, 'build/Release/arrow_packed.node'))).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ])
  })

  test('libpacked.so exports exactly the functions of c_api.h', () => {
    const header = readFileSync(join(ROOT, 'cpp/include/packed/c_api.h'), 'utf8')
    const code = header.replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    const declared = [...code.matchAll(/\b([A-Z]\w+)\s*\([^()]*\)\s*;/g)].map((match) => match[1])
    expect(declared.length).toBeGreaterThanOrEqual(8)
    expect(exportsOf(join(ROOT, 'build/Release/libpacked.so'))).toEqual(declared.sort())
  })
})
