/** A load that fails says what was found, what is needed and what to do. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from './support/temporary.js'

const ROOT = join(__dirname, '..')
const ADDON = join(ROOT, 'build/Release/arrow_packed.node')

/** Load in a process of its own: a failed load must not meet a copy that is already there. */
function load(addon: string, flags: string[] = []) {
  const script = `
    try {
      const addon = require(${JSON.stringify(join(ROOT, 'lib/native/load.cjs'))}).loadAddon()
      console.log(JSON.stringify({ version: addon.version() }))
    } catch (error) {
      console.log(JSON.stringify({ code: error.code, message: error.message }))
    }`
  const run = spawnSync(process.execPath, [...flags, '-e', script], {
    encoding: 'utf8',
    env: { ...process.env, ARROW_PACKED_ADDON: addon, LD_LIBRARY_PATH: '' },
  })
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout) as { code?: string; message: string; version?: { arrow: string } }
}

/** The addon with its run path erased: as if it had been copied without its libraries. */
function withoutLibraries(path: string): void {
  const bytes = readFileSync(ADDON)
  const start = bytes.indexOf('$ORIGIN:')
  expect(start).toBeGreaterThan(0)
  bytes.fill('x', start, bytes.indexOf(0, start))
  writeFileSync(path, bytes)
}

describe('loading the addon', () => {
  const directory = temporaryDirectory('loading')
  const place = (name: string) => join(directory, name)

  test('the built addon loads and says its Arrow version', () => {
    expect(load(ADDON).version?.arrow).toMatch(/^\d+\.\d+\.\d+/)
  })

  test('a copy with its run path intact loads from anywhere', () => {
    copyFileSync(ADDON, place('copied.node'))
    expect(load(place('copied.node')).version).toEqual(load(ADDON).version)
  })

  test('every failure names Node, platform and what is needed', () => {
    const { code, message } = load(place('missing.node'))
    expect(code).toBe('ERR_ARROW_PACKED_ADDON')
    expect(message).toContain(`Found: Node.js ${process.versions.node}, ${process.platform}-`)
    expect(message).toMatch(/Needed: Node\.js 20\.17 or newer/)
  })

  test('a missing file', () => {
    const { message } = load(place('missing.node'))
    expect(message).toContain(`${place('missing.node')}: there is no such file`)
    expect(message).toContain('What to do: correct or unset ARROW_PACKED_ADDON')
  })

  test('a file that is no shared library', () => {
    writeFileSync(place('text.node'), 'MZ, of another platform'.padEnd(4096, ' '))
    expect(load(place('text.node')).message).toContain('the file is for another platform')
  })

  test('a library of another word size', () => {
    const bytes = readFileSync(ADDON)
    bytes[4] = 1 // EI_CLASS: 32 bits
    writeFileSync(place('narrow.node'), bytes)
    expect(load(place('narrow.node')).message).toContain('the file is for another platform')
  })

  test('a copy without libarrow', () => {
    withoutLibraries(place('alone.node'))
    const { message } = load(place('alone.node'))
    expect(message).toMatch(/lib(arrow|parquet)\.so\.\d+ is not beside the addon/)
    expect(message).toMatch(/install the package again, or run scripts\/setup/)
  })

  test('addons switched off', () => {
    expect(load(ADDON, ['--no-addons']).message).toContain('run Node.js without --no-addons')
  })
})
