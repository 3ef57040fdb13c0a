/**
 * node call-everything.cjs <directory>: in that directory, call everything that the library exports,
 * constructors and static methods too, with nothing and with one to three values of a wrong kind, and
 * print a JSON line for each call that failed with anything but a PackedError.
 *
 * Lines: `{ calling, kind }` before and `{ calling, kind, error }` after; `{ hang }`; `{ stray }` for an
 * error that nobody waited for; `{ done, names }`. `kind` says whether all values were `simple` (no
 * object: nobody can mean them) or `objects` with other members than those that are expected.
 */
const fs = require('node:fs')
const { join } = require('node:path')
const { listFiles } = require('./list-files.cjs')
const library = require('./packed.cjs')

const CALL_TIMEOUT_MS = 30_000
const LIB = join(__dirname, '..', '..', 'lib')
const KINDS = {
  simple: [undefined, null, 7, -1, Number.NaN, 2n ** 64n, '', 'x', true, Symbol('s'), () => 1],
  objects: [
    {},
    [],
    [null],
    [undefined, {}],
    new Uint8Array(3),
    new Map(),
    Object.create(null),
    { length: 2 ** 31 },
  ],
}

const say = (line) => fs.writeSync(1, `${JSON.stringify(line)}\n`)

/** Classes of which only the library makes instances, which JavaScript does not see. */
function closedClasses() {
  const sources = listFiles(LIB).map((file) => fs.readFileSync(file, 'utf8'))
  return new Set(
    sources.flatMap((text) => {
      const [, name] = /class (\w+)[\s\S]*?\n {2}private constructor/.exec(text) ?? []
      return name === undefined ? [] : [name]
    }),
  )
}

/** `[name, function]` of all that can be called. */
function callables(closed) {
  return Object.entries(library).flatMap(([name, value]) => {
    if (typeof value !== 'function') return []
    if (!/^class\b/.test(Function.prototype.toString.call(value))) return [[name, value]]
    const statics = Object.getOwnPropertyNames(value)
      .filter((key) => typeof value[key] === 'function')
      .map((key) => [`${name}.${key}`, (...args) => value[key](...args)])
    return closed.has(name)
      ? statics
      : [[`new ${name}`, (...args) => new value(...args)], ...statics]
  })
}

/** What a call gives, to its end: a promise, an iterator, something to close. */
async function use(call, args) {
  const given = call(...args)
  if (typeof given?.next === 'function') return given.next()
  const result = await given
  if (typeof result?.close === 'function') await result.close()
  return result
}

async function attempt(name, call, kind, args) {
  say({ calling: name, kind })
  const timer = setTimeout(() => {
    say({ hang: name, kind })
    process.kill(process.pid, 'SIGKILL')
  }, CALL_TIMEOUT_MS)
  try {
    await use(call, args)
  } catch (error) {
    if (!library.isPackedError(error)) {
      say({ calling: name, kind, error: String(error?.stack ?? error) })
    }
  } finally {
    clearTimeout(timer)
  }
}

async function main() {
  process.chdir(process.argv[2])
  for (const event of ['unhandledRejection', 'uncaughtException']) {
    process.on(event, (error) => say({ stray: String(error?.stack ?? error) }))
  }
  const calls = callables(closedClasses())
  for (const [name, call] of calls) {
    await attempt(name, call, 'simple', [])
    for (const [kind, values] of Object.entries(KINDS)) {
      for (const value of values) {
        for (const count of [1, 2, 3]) await attempt(name, call, kind, Array(count).fill(value))
      }
    }
  }
  say({ done: true, names: calls.map(([name]) => name) })
  process.exit() // what a call began, a worker that serves say, has no end of its own
}

main()
