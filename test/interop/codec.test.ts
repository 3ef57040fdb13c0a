/** What we encode is what others decode, and the other way round: command-line tools and Python. */
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import {
  Codec,
  type CodecName,
  CompressionDictionary,
  trainDictionary,
} from '../../lib/codec/index.js'
import { joinBytes, noiseOf, sameBytes, wordsOf } from '../support/codec-bytes.js'
import { describeWithPyarrow, Oracle } from '../support/python.js'
import { temporaryDirectory } from '../support/temporary.js'

const directory = temporaryDirectory('interop-codec')
/** Sizes at the edges of blocks, and of more than one. */
const INPUTS = [0, 1, 1000, 65537, 131073, 3_000_000].map((size) => wordsOf(size))
INPUTS.push(noiseOf(200_000))

/** As one frame, and as a stream. */
async function encodedBy(codec: Codec, bytes: Uint8Array): Promise<Uint8Array[]> {
  const writer = codec.newWriter({ blockBytes: 100_000 })
  const chunks = await Readable.from([bytes]).pipe(writer).toArray()
  return [await codec.encode(bytes), joinBytes(chunks)]
}

async function decodedBy(codec: Codec, bytes: Uint8Array): Promise<Uint8Array[]> {
  const chunks = await Readable.from([bytes]).pipe(codec.newReader()).toArray()
  return [await codec.decode(bytes), joinBytes(chunks)]
}

/** What a tool makes of its standard input. */
function run(tool: string, args: readonly string[], input: Uint8Array): Uint8Array {
  const { status, stdout, stderr } = spawnSync(tool, args, { input, maxBuffer: 2 ** 28 })
  if (status !== 0) throw new Error(`${tool} ${args.join(' ')}: ${stderr}`)
  return stdout
}

/** How each tool is asked to compress. */
const TOOLS: Partial<Record<CodecName, readonly string[][]>> = {
  zstd: [['-1'], ['-19'], ['--no-check', '-3'], ['--long=27', '-5'], ['--fast=5']],
  lz4: [['-1'], ['-12'], ['-BD', '-B4'], ['-BX', '-B5', '--content-size'], ['--no-frame-crc']],
  gzip: [['-1'], ['-9']],
  brotli: [['-1'], ['-11']],
}

for (const [name, ways] of Object.entries(TOOLS) as [CodecName, readonly string[][]][]) {
  const missing = spawnSync(name, ['--version']).error
  if (missing) process.stderr.write(`NOT RUN (${missing.message}): the command ${name}\n`)

  ;(missing ? describe.skip : describe)(`the command ${name}`, () => {
    const codec = new Codec(name)

    test('reads what we write, at every level', async () => {
      for (const bytes of INPUTS) {
        for (const ours of await encodedBy(codec, bytes)) {
          expect(sameBytes(run(name, ['-d', '-c'], ours), bytes)).toBe(true)
        }
      }
      for (const level of [1, 4, 7, 9]) {
        const ours = await codec.encodeLevel(INPUTS[3]!, level)
        expect(sameBytes(run(name, ['-d', '-c'], ours), INPUTS[3]!)).toBe(true)
      }
    })

    test.each(ways.map((args) => [args]))('writes what we read, by %s', async (args) => {
      for (const bytes of INPUTS) {
        const theirs = run(name, [...args, '-c'], bytes)
        for (const ours of await decodedBy(codec, theirs)) {
          expect(sameBytes(ours, bytes)).toBe(true)
        }
      }
    })
  })
}

const zstd = spawnSync('zstd', ['--version']).error ? describe.skip : describe

zstd('dictionaries of the command zstd', () => {
  const records = Array.from({ length: 1000 }, (_, i) =>
    Buffer.from(`{"id":${i},"tag":"t${i % 9}"}`),
  )

  test('that we trained serve it', async () => {
    const dictionary = await trainDictionary(records, { dictBytes: 1024 })
    const path = join(directory, 'ours.dict')
    writeFileSync(path, dictionary.bytes)
    const frame = await new Codec('zstd', { dictionary }).encode(records[5]!)
    expect(sameBytes(run('zstd', ['-d', '-c', '-D', path], frame), records[5]!)).toBe(true)
  })

  test('that it trained serve us', async () => {
    const files = records.map((record, i) => {
      const path = join(directory, `record-${i}`)
      writeFileSync(path, record)
      return path
    })
    const path = join(directory, 'theirs.dict')
    run('zstd', ['--train', '--maxdict=1024', '-q', '-o', path, ...files], new Uint8Array(0))
    const dictionary = new CompressionDictionary(readFileSync(path))
    const frame = run('zstd', ['-c', '-D', path], records[5]!)
    const codec = new Codec('zstd', { dictionary })
    expect(sameBytes(await codec.decode(frame), records[5]!)).toBe(true)
    expect(
      sameBytes(run('zstd', ['-d', '-c', '-D', path], codec.encodeSync(records[5]!)), records[5]!),
    ).toBe(true)
  })
})

describeWithPyarrow('codecs of Python', () => {
  const oracle = new Oracle()
  afterAll(() => oracle.close())

  /** What a library of Python makes of bytes. */
  async function code(
    library: string,
    codec: string,
    compress: boolean,
    bytes: Uint8Array,
  ): Promise<Uint8Array> {
    const [input, output] = [join(directory, 'input'), join(directory, 'output')]
    writeFileSync(input, bytes)
    await oracle.ask('codeBytes', { library, codec, compress, input, output })
    return readFileSync(output)
  }

  test.each(['python', 'zlib', 'pyarrow', 'cramjam'])(
    '%s reads ours and we read its',
    async (library) => {
      const all = await oracle.ask<Record<string, string[]>>('codecLibraries')
      const known = all[library]!
      if (known.length === 0) process.stderr.write(`NOT RUN (it is not there): ${library}\n`)
      for (const theirName of known) {
        const [name, stream] = theirName.split(' ') as [CodecName, string | undefined]
        const codec = new Codec(name)
        for (const bytes of INPUTS) {
          const ours = await encodedBy(codec, bytes)
          // Of snappy, blocks and streams are two formats.
          const forms = name === 'snappy' ? [ours[stream ? 1 : 0]!] : ours
          for (const form of forms) {
            const back = await code(library, theirName, false, form)
            expect([theirName, bytes.length, sameBytes(back, bytes)]).toEqual([
              theirName,
              bytes.length,
              true,
            ])
          }
          const theirs = await code(library, theirName, true, bytes)
          if (theirs.length === 0) {
            // No stream at all where there is nothing to write.
            expect([theirName, bytes.length]).toEqual(['snappy stream', 0])
            continue
          }
          const back =
            name === 'snappy' && !stream
              ? [await codec.decode(theirs)]
              : await decodedBy(codec, theirs)
          expect(back.map((form) => sameBytes(form, bytes))).toEqual(back.map(() => true))
        }
      }
    },
  )
})
