/**
 * node --expose-gc keep-compiled.cjs <file>: whether what V8 optimized for batches is there
 * `before` and `after` all of them are dropped and collected. Prints one object.
 */
const { setImmediate: turn } = require('node:timers/promises')
const { setFlagsFromString } = require('node:v8')
const { Data } = require('apache-arrow')
const { PackedReader } = require('./packed.cjs')

setFlagsFromString('--allow-natives-syntax')
const prepare = new Function('f', '%PrepareFunctionForOptimization(f)')
const optimize = new Function('f', '%OptimizeFunctionOnNextCall(f)')
/** Of the compiler that comes last: bit 4 of the status. */
const isOptimized = new Function('f', 'return (%GetOptimizationStatus(f) & 16) !== 0')

const READS = 3
const COLLECTIONS = 4

async function read(path) {
  for await (const _ of await PackedReader.open({ paths: [path] }));
}

async function main() {
  const path = process.argv[2]
  prepare(Data)
  for (let i = 0; i < READS; i++) await read(path)
  optimize(Data)
  await read(path)
  const before = isOptimized(Data)
  for (let i = 0; i < COLLECTIONS; i++) {
    globalThis.gc()
    await turn()
  }
  const after = isOptimized(Data)
  process.stdout.write(`${JSON.stringify({ before, after })}\n`)
}

main()
