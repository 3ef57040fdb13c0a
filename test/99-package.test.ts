/**
 * What `npm pack` makes after `npm run prebuild`: everything is inside, nothing runs when it is
 * installed, and it works where there is no network, no compiler and no Python.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import {
  Consumer,
  CUT_NETWORK,
  type PackedPackage,
  packPackage,
} from './support/package-install.js'
import { linkedParts, MARKED, nativeFiles } from './support/package-notices.js'
import { blocksOf, readPage } from './support/page-code.js'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const PACK_MS = 300_000
const ROWS = 20_000

jest.setTimeout(180_000)
const directory = temporaryDirectory('package')
let packed: PackedPackage

beforeAll(() => {
  packed = packPackage(directory)
}, PACK_MS)

function bin(name: string, ...args: string[]): string {
  const run = spawnSync(process.execPath, [join(ROOT, 'node_modules', name), ...args], {
    cwd: directory,
    encoding: 'utf8',
  })
  return run.status === 0 ? 'clean' : `${run.stdout}${run.stderr}`
}

describe('the tarball', () => {
  test('has the library, the native code and the terms, and nothing of the workshop', () => {
    const own = packed.files.filter((path) => !path.startsWith('node_modules/'))
    const places = new Set(own.map((path) => (path.includes('/') ? path.split('/')[0] : path)))
    expect([...places].sort()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'NOTICE',
      'README.md',
      'SECURITY.md',
      'THIRD-PARTY-NOTICES',
      'UPGRADING.md',
      'cpp',
      'dist',
      'docs',
      'examples',
      'package.json',
      'prebuilds',
    ])
    expect(own.filter((path) => path.startsWith('cpp/'))).toEqual(['cpp/include/packed/c_api.h'])
    // An installed copy of npm's own lock file would name where packages came from.
    expect(packed.files.filter((path) => path.endsWith('.package-lock.json'))).toEqual([])
  })

  test('has every runtime dependency, those of this platform with native code as well', () => {
    const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
    const files = new Set(packed.files)
    const names = [...Object.keys(dependencies), '@smithy/core', 'readable-stream']
    expect(names.filter((name) => !files.has(`node_modules/${name}/package.json`))).toEqual([])
    const native = packed.files.filter((path) => /^node_modules\/.*\.node$/.test(path))
    expect(native.some((path) => path.includes('@lmdb/'))).toBe(true)
    expect(native.some((path) => path.includes('@node-rs/'))).toBe(true)
  })

  test('its pages lead to files that are in it', () => {
    const files = new Set(packed.files)
    const pages = packed.files.filter((path) => /^(?!node_modules\/).*\.md$/.test(path))
    const links = pages.flatMap((page) => {
      const text = readFileSync(join(packed.folder, page), 'utf8').replace(
        /^```[\s\S]*?^```$/gm,
        '',
      )
      const targets = [...text.matchAll(/\]\((?![a-z]+:|#)([^()#\s]+)/g)].map(
        ([, target]) => target!,
      )
      return targets.map((target) => posix.join(posix.dirname(page), target))
    })
    expect(links.length).toBeGreaterThan(50)
    // Who works on the project has the sources.
    expect(links.filter((link) => !files.has(link) && link !== 'CONTRIBUTING.md')).toEqual([])
  })

  test('publint finds nothing', () => {
    expect(bin('publint/src/cli.js', packed.tarball, '--strict')).toBe('clean')
  })

  test('attw finds nothing', () => {
    expect(bin('@arethetypeswrong/cli/dist/index.js', packed.tarball)).toBe('clean')
  })
})

describe('the native code', () => {
  const folder = () => {
    const [place] = readdirSync(join(packed.folder, 'prebuilds'))
    return join(packed.folder, 'prebuilds', place!)
  }

  test('is the addon with its libraries, each under its soname', () => {
    expect(readdirSync(folder()).sort()).toEqual([
      expect.stringMatching(/^arrow_packed\.(glibc|musl)\.node$/),
      expect.stringMatching(/^libarrow\.so\.\d+$/),
      'libarrow_packed_s3.so',
      expect.stringMatching(/^libarrow_s3\.so\.\d+$/),
      'libpacked.so',
      expect.stringMatching(/^libparquet\.so\.\d+$/),
    ])
  })

  test('every library is found, Arrow beside the addon, by run paths alone', () => {
    for (const file of readdirSync(folder())) {
      const env = { PATH: process.env.PATH }
      const output = execFileSync('ldd', [join(folder(), file)], { encoding: 'utf8', env })
      expect(output).not.toContain('not found')
      for (const [, path] of output.matchAll(/lib(?:arrow|parquet)\S* => (\S+)/g)) {
        expect(path).toMatch(new RegExp(`^${folder()}/`))
      }
      const dynamic = execFileSync('readelf', ['--dynamic', join(folder(), file)], {
        encoding: 'utf8',
      })
      expect(dynamic).toMatch(/R(?:UN)?PATH.*\[\$ORIGIN\]/)
    }
  })

  test('is stripped, and the addon shows its registration alone', () => {
    const nm = (file: string, flag: string) =>
      spawnSync('nm', [flag, '--defined-only', '--format=posix', join(folder(), file)], {
        encoding: 'utf8',
      })
    for (const file of readdirSync(folder())) expect(nm(file, '-a').stderr).toContain('no symbols')
    const addon = readdirSync(folder()).find((file) => file.endsWith('.node'))!
    const names = nm(addon, '--dynamic').stdout.matchAll(/^(\w+) [^A]/gm)
    expect([...names].map(([, name]) => name).sort()).toEqual([
      'napi_register_module_v1',
      'node_api_module_get_api_version_v1',
    ])
  })
})

describe('THIRD-PARTY-NOTICES', () => {
  const notices = () => readFileSync(join(packed.folder, 'THIRD-PARTY-NOTICES'), 'utf8')

  test('names every package that is bundled, with version and license', () => {
    const manifests = packed.files.filter((path) =>
      /^node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+\/package\.json$/.test(path),
    )
    const names = manifests.flatMap((path) => {
      const { name, version, license } = JSON.parse(readFileSync(join(packed.folder, path), 'utf8'))
      return version === undefined ? [] : [`${name} ${version} (${license})`]
    })
    expect(names.length).toBeGreaterThan(50)
    const text = notices()
    expect(names.filter((name) => !text.includes(`${name}\n`))).toEqual([])
  })

  test('has the terms of every package with native code', () => {
    const native = packed.files.filter((path) => /^node_modules\/.*\.node$/.test(path))
    const names = native.map((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/[^@]*$/.exec(path)![1]!)
    expect(new Set(names).size).toBeGreaterThanOrEqual(3)
    const sections = notices().split(/^={80}$/m)
    const termsOf = (name: string) =>
      sections.find((text) => new RegExp(`^${name} \\d\\S* \\(`, 'm').test(text)) ?? ''
    expect(names.filter((name) => !/copyright/i.test(termsOf(name)))).toEqual([])
  })

  test('says of every file under prebuilds whose it is', () => {
    const listed = /The files under prebuilds:\n\n([\s\S]*?)\n\n/.exec(notices())![1]!
    const patterns = [...listed.matchAll(/(?:^ {2}|, )([\w+]+[.-])(?=\*)/gm)].map(
      ([, name]) => name!,
    )
    expect(patterns).toHaveLength(8)
    const files = nativeFiles(packed).map(({ name }) => name)
    expect(files.filter((file) => !patterns.some((start) => file.startsWith(start)))).toEqual([])
  })

  test('names all that is linked into the libraries of Arrow', () => {
    const found = linkedParts(packed)
    expect(MARKED.filter((name) => !found.includes(name))).toEqual([])
    const parts = new Set([...found, 'aws-sdk-cpp', 'zstd', 'lz4', 'snappy', 'Brotli'])
    expect(parts.size).toBeGreaterThan(25)
    const text = notices().toLowerCase()
    expect([...parts].filter((part) => !text.includes(part.toLowerCase()))).toEqual([])
  })
})

describe('installed in an empty folder', () => {
  let consumer: Consumer
  let beside15: Consumer

  beforeAll(() => {
    consumer = new Consumer(directory, 'consumer')
    consumer.install(packed)
    beside15 = new Consumer(directory, 'beside-15')
    beside15.installAs(consumer, 'apache-arrow-oldest')
  }, PACK_MS)

  const smoked = (home: string) => ({
    cdata: 'function',
    paths: [`${home}/seg/0`, `${home}/seg/103`],
    remote: 'loaded',
    right: ROWS,
    rows: ROWS,
  })

  test('everything is in the folder of the package', () => {
    const own = join(consumer.folder, 'node_modules', 'arrow-packed')
    expect(existsSync(join(own, 'node_modules', 'lmdb', 'package.json'))).toBe(true)
    expect(existsSync(join(consumer.folder, 'node_modules', 'lmdb'))).toBe(false)
    expect(existsSync(join(own, 'build'))).toBe(false)
  })

  test('import', () => {
    expect(JSON.parse(consumer.node('import.mjs'))).toEqual(smoked('import'))
  })

  test('require', () => {
    expect(JSON.parse(consumer.node('require.cjs'))).toEqual(smoked('require'))
  })

  test('workers', () => {
    const expected = [smoked('import-worker'), smoked('require-worker')]
    expect(JSON.parse(consumer.node('workers.cjs'))).toEqual(expected)
  })

  test('packed', () => {
    const command = join(consumer.folder, 'node_modules', '.bin', 'packed')
    const json = consumer.run(command, ['inspect', '--json', 'require/seg/0'])
    expect(json).toContain(`${ROWS}`)
    const rows = consumer.run(command, ['cat', 'require/seg/0', '--limit', '2'])
    expect(rows.trim().split('\n')).toHaveLength(2)
  })

  test('types, ESM and CommonJS', () => {
    copyFileSync(join(consumer.folder, 'types.mts'), join(consumer.folder, 'types.cts'))
    expect(consumer.typeErrors(['types.mts', 'types.cts'])).toBe('')
  })

  describe('the examples of the README', () => {
    const examples = blocksOf(readPage('README.md'), 'ts')
    const files = examples.map((_, i) => `readme-${i}.mts`)

    beforeAll(() => {
      for (const [i, text] of examples.entries()) {
        writeFileSync(join(consumer.folder, `readme-${i}.mts`), text)
        writeFileSync(join(consumer.folder, `readme-${i}.mjs`), text)
        const body = text.replace(/^import (\{[^}]*\}) from ('[^']+')/gm, 'const $1 = require($2)')
        writeFileSync(join(consumer.folder, `readme-${i}.cjs`), `(async () => {\n${body}\n})()`)
      }
    })

    test.each([
      ['node16', ['Node16']],
      ['bundler', ['ESNext', '--moduleResolution', 'bundler']],
    ])('have right types with moduleResolution %s', (_, module) => {
      expect(consumer.typeErrors(files, { module })).toBe('')
    })

    test.each(['mjs', 'cjs'])('run as .%s', (extension) => {
      const outputs = files.map((_, i) => {
        for (const made of ['segment', 'files']) {
          rmSync(join(consumer.folder, made), { recursive: true, force: true })
        }
        return consumer.node(`readme-${i}.${extension}`)
      })
      expect(outputs[0]).toMatch(/^segment\/0 [\s\S]*^segment\/102 [\s\S]* 2 Float32Array\(6\) \[/m)
      expect(outputs[1]).toMatch(/^insert_log\/1\/2\/3\/0\/100 2\n[\s\S]*\[ 'one' \]\n$/)
    })
  })

  ;(CUT_NETWORK ? test : test.skip)('the network was cut, as unshare is allowed here', () => {
    const script = `require('net').connect(9, '192.0.2.1').on('error', (e) => console.log(e.code))`
    expect(consumer.node('-e', script)).toBe('ENETUNREACH\n')
  })

  describe('beside the oldest apache-arrow that is asked for', () => {
    test('which it is', () => {
      const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
      const manifest = join(beside15.folder, 'node_modules', 'apache-arrow', 'package.json')
      const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
      expect([peerDependencies['apache-arrow'], version]).toEqual(['>=15 <23', '15.0.0'])
    })

    test('import, require and workers', () => {
      expect(JSON.parse(beside15.node('import.mjs'))).toEqual(smoked('import'))
      expect(JSON.parse(beside15.node('require.cjs'))).toEqual(smoked('require'))
      const expected = [smoked('import-worker'), smoked('require-worker')]
      expect(JSON.parse(beside15.node('workers.cjs'))).toEqual(expected)
    })

    test('types', () => {
      // Its own types name streams of the browser.
      expect(beside15.typeErrors(['types.mts'], { lib: 'ES2022,ESNext.Disposable,DOM' })).toBe('')
    })
  })
})
