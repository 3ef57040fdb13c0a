/** Encrypted packed files: keys on the way in and out, and where keys must not show. */
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { RecordBatch } from 'apache-arrow'
import { inspectFile, PackedReader, type PackedReaderOptions, PackedWriter } from '../lib/index.js'
import type { PackedEncryption } from '../lib/packed/index.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 3000
const KEY = Buffer.from('footer_key_16B__')
const OTHER_KEY = Buffer.from('another_key_of_32_bytes_for_AES!')
const METADATA = 'encryption_meta_data'
const directory = temporaryDirectory('encryption')
let paths: string[]

async function write(name: string, encryption?: PackedEncryption): Promise<string[]> {
  await using writer = await PackedWriter.open({
    schema: sampleSchema(),
    directory: join(directory, name),
    rowGroupBytes: 16 << 10,
    userMetadata: { owner: 'somebody' },
    ...(encryption === undefined ? {} : { encryption }),
  })
  await writer.write(sampleBatch(0, ROWS))
  const { groups } = await writer.finish()
  for (const group of groups) {
    const file = readFileSync(group.path)
    expect(group.fileBytes).toBe(file.length)
    expect(group.footerBytes).toBe(file.readUInt32LE(file.length - 8) + 8)
  }
  return groups.map(({ path }) => path)
}

const open = (options: Partial<PackedReaderOptions> = {}) =>
  PackedReader.open({ paths, keyRetriever: () => KEY, ...options })

async function expectRows(reader: PackedReader): Promise<void> {
  const batches: RecordBatch[] = []
  for await (const batch of reader) batches.push(batch)
  expectSample(batches, ROWS)
}

/** Options as JavaScript would pass them, types aside. */
const openWriter = (encryption: unknown) =>
  PackedWriter.open({
    schema: sampleSchema(),
    directory: join(directory, 'refused'),
    encryption: encryption as PackedEncryption,
  })

/** A key whose memory was given away. */
function transferred(key: Uint8Array): Uint8Array {
  const given = Uint8Array.from(key)
  structuredClone(given.buffer, { transfer: [given.buffer] })
  return given
}

beforeAll(async () => {
  paths = await write('plain key', { key: KEY, keyMetadata: METADATA })
})

describe('encrypted files', () => {
  test('are read with the key, which is asked for once by its metadata', async () => {
    const asked: string[] = []
    const reader = await open({
      keyRetriever: (metadata) => {
        asked.push(Buffer.from(metadata).toString())
        return KEY
      },
    })
    expect(paths.length).toBeGreaterThan(1)
    expect(asked).toEqual([METADATA])
    expect(reader.rowGroups.length).toBeGreaterThan(2 * paths.length)
    expect([...reader.metadata.keys()]).toEqual([
      'group_field_id_list',
      'owner',
      'row_group_metadata',
      'storage_version',
    ])
    await expectRows(reader)
  })

  test('show nothing but the key metadata', () => {
    for (const path of paths) {
      const file = readFileSync(path)
      expect(file.subarray(0, 4).toString()).toBe('PARE')
      expect(file.subarray(-4).toString()).toBe('PARE')
      expect(file.includes(METADATA)).toBe(true)
      for (const secret of ['title', 'owner', 'somebody', 'storage_version', KEY.toString()]) {
        expect([secret, file.includes(secret)]).toEqual([secret, false])
      }
    }
  })

  test.each([
    ['AES_GCM_V1', 16],
    ['AES_GCM_V1', 24],
    ['AES_GCM_V1', 32],
    ['AES_GCM_CTR_V1', 16],
    ['AES_GCM_CTR_V1', 32],
  ] as const)('%s with a key of %d bytes and binary metadata', async (algorithm, bytes) => {
    const key = Uint8Array.from({ length: bytes }, (_, i) => i)
    const keyMetadata = Uint8Array.of(0, 255, 1, bytes)
    const own = await write(`${algorithm} ${bytes}`, { key, keyMetadata, algorithm })
    const seen: Uint8Array[] = []
    const reader = await open({
      paths: own,
      keyRetriever: async (metadata) => {
        seen.push(metadata)
        return key
      },
    })
    expect(seen).toEqual([keyMetadata])
    await expectRows(reader)
  })

  test('of two keys are read together with plain ones; each key is asked for once', async () => {
    const plain = await write('no key')
    const other = await write('other key', { key: OTHER_KEY, keyMetadata: 'second' })
    const mixed = [paths[0]!, other[1]!, ...paths.slice(2)]
    const keys = new Map([
      [METADATA, KEY],
      ['second', OTHER_KEY],
    ])
    const keyRetriever = jest.fn((metadata: Uint8Array) => keys.get(`${Buffer.from(metadata)}`)!)
    await expectRows(await open({ paths: mixed, keyRetriever }))
    expect(keyRetriever).toHaveBeenCalledTimes(2)
    await expectRows(await open({ paths: [paths[0]!, ...plain.slice(1)], keyRetriever }))
    expect(keyRetriever).toHaveBeenCalledTimes(3)
    await expectRows(await open({ paths: plain, keyRetriever }))
    expect(keyRetriever).toHaveBeenCalledTimes(3)
  })

  test('without any row are encrypted and read, too', async () => {
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: join(directory, 'empty'),
      encryption: { key: KEY, keyMetadata: METADATA },
    })
    const empty = (await writer.finish()).groups.map(({ path }) => path)
    const reader = await open({ paths: empty })
    expect([reader.numRows, await reader.readNext()]).toEqual([0, null])
    expect((await rejection(() => PackedReader.open({ paths: empty }))).code).toBe('Encryption')
  })

  test('are inspected with the key', async () => {
    const info = await inspectFile(paths[0]!, { keyRetriever: async () => KEY })
    const file = readFileSync(paths[0]!)
    expect(info.layout).toBe('packed')
    expect(info.rows).toBe(ROWS)
    expect(info.metadata.get('owner')).toBe('somebody')
    expect(info.footerBytes).toBe(file.readUInt32LE(file.length - 8) + 8)
    const refused = await rejection(() => inspectFile(paths[0]!))
    expect([refused.code, refused.path]).toEqual(['Encryption', paths[0]])
  })

  test('the caller may wipe and reuse the memory of a key', async () => {
    const key = Uint8Array.from(KEY)
    const writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: join(directory, 'wiped'),
      encryption: { key, keyMetadata: METADATA },
    })
    key.fill(0)
    await writer.write(sampleBatch(0, ROWS))
    const wiped = (await writer.finish()).groups.map(({ path }) => path)

    const answer = Uint8Array.from(KEY)
    const reader = await open({ paths: wiped, keyRetriever: () => answer })
    expect(answer).toEqual(Uint8Array.from(KEY))
    answer.fill(0)
    await expectRows(reader)
  })
})

describe('errors', () => {
  test('no retriever, and one that knows another key', async () => {
    const missing = await rejection(() => PackedReader.open({ paths }))
    expect([missing.code, missing.path]).toEqual(['Encryption', paths[0]])
    expect(missing.message).toMatch(
      /^Expected a key for the key metadata 'encryption_meta_data' of .* but received none$/,
    )
    const wrong = await rejection(() => open({ keyRetriever: () => OTHER_KEY }))
    expect([wrong.code, wrong.path]).toEqual(['Encryption', paths[0]])
    expect(wrong.message).toContain('Expected the key that encrypted the footer')
  })

  test('a retriever that fails is the cause', async () => {
    const cause = new Error('the key service is away')
    const fail = () => {
      throw cause
    }
    for (const keyRetriever of [fail, async () => fail()]) {
      const error = await rejection(() => open({ keyRetriever }))
      expect([error.code, error.path, error.cause]).toEqual(['Encryption', paths[0], cause])
      const inspected = await rejection(() => inspectFile(paths[0]!, { keyRetriever }))
      expect([inspected.code, inspected.cause]).toEqual(['Encryption', cause])
    }
  })

  test.each([
    [undefined, 'a value of type undefined'],
    ['footer_key_16B__', 'a value of type string'],
    [KEY.subarray(1), '15 bytes'],
    [new Uint16Array(16), 'a value of type object'],
  ])('an answer that is no key: %p', async (answer, received) => {
    const error = await rejection(() => open({ keyRetriever: () => answer as Uint8Array }))
    expect([error.code, error.path]).toEqual(['InvalidArgument', paths[0]])
    expect(error.message).toContain(`the answer of keyRetriever for ${paths[0]}`)
    expect(error.message).toContain(received)
  })

  test('a retriever that is no function', async () => {
    const error = await rejection(() => open({ keyRetriever: 7 as never }))
    expect(error.code).toBe('InvalidArgument')
    const inspected = await rejection(() => inspectFile(paths[0]!, { keyRetriever: 7 as never }))
    expect(inspected.message).toContain('a function for keyRetriever but received 7 (number)')
  })

  test('an abort while the key is fetched gives its reason at once', async () => {
    const never = new Promise<Uint8Array>(() => {})
    for (const reason of [new Error('enough'), 'enough']) {
      const controller = new AbortController()
      const opening = open({
        signal: controller.signal,
        keyRetriever: () => {
          setImmediate(() => controller.abort(reason))
          return never
        },
      })
      await expect(opening).rejects.toBe(reason)
    }
  })

  test('a retriever that heeds the signal itself does not hide the reason', async () => {
    const controller = new AbortController()
    const reason = new Error('enough')
    const opening = open({
      signal: controller.signal,
      keyRetriever: async () => {
        controller.abort(reason)
        throw new Error('fetch was aborted')
      },
    })
    await expect(opening).rejects.toBe(reason)
  })

  test('damage: in pages FileCorrupted, in the footer Encryption', async () => {
    const damaged = join(directory, 'damaged')
    const damage = async (at: number) => {
      copyFileSync(paths[0]!, damaged)
      const bytes = readFileSync(damaged)
      bytes[at < 0 ? bytes.length + at : at]! ^= 1
      writeFileSync(damaged, bytes)
      return rejection(async () => expectRows(await open({ paths: [damaged] })))
    }
    expect((await damage(40)).code).toBe('FileCorrupted')
    expect((await damage(-60)).code).toBe('Encryption')
  })

  test.each([
    [
      'an object',
      'secret',
      'Expected an object for encryption but received a value of type string',
    ],
    ['a key', { keyMetadata: 'm' }, 'for encryption.key but received a value of type undefined'],
    ['a key of bytes', { key: 'secret', keyMetadata: 'm' }, 'received a value of type string'],
    ['an attached key', { key: transferred(KEY), keyMetadata: 'm' }, 'received 0 bytes'],
    ['a key that AES has', { key: KEY.subarray(3), keyMetadata: 'm' }, 'received 13 bytes'],
    ['key metadata', { key: KEY }, 'for encryption.keyMetadata but received undefined'],
    ['some key metadata', { key: KEY, keyMetadata: '' }, 'for encryption.keyMetadata'],
    [
      'an algorithm of Parquet',
      { key: KEY, keyMetadata: 'm', algorithm: 'AES_CBC' },
      "'AES_GCM_V1' | 'AES_GCM_CTR_V1' for encryption.algorithm",
    ],
    ['known options', { key: KEY, keyMetaData: 'm' }, 'Did you mean "keyMetadata"?'],
  ])('a writer needs %s', async (_, encryption, message) => {
    const error = await rejection(() => openWriter(encryption))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(message)
    expect(error.message).not.toContain('secret')
    expect(readdirSync(directory)).not.toContain('refused')
  })
})

test('keys show in no inspection or JSON of a writer or reader', async () => {
  const writer = await PackedWriter.open({
    schema: sampleSchema(),
    directory: join(directory, 'shown'),
    encryption: { key: KEY, keyMetadata: METADATA },
  })
  const reader = await open()
  const hex = KEY.toString('hex').match(/../g)!
  for (const object of [writer, reader]) {
    const shown = inspect(object, { depth: 9, showHidden: true })
    const json = JSON.stringify(object, (_, value) =>
      typeof value === 'bigint' ? `${value}` : value,
    )
    for (const text of [shown, json]) {
      expect(text).not.toContain(KEY.toString())
      expect(text).not.toContain(hex.join(' '))
      expect(text).not.toContain([...KEY].join(', '))
      expect(text).not.toContain([...KEY].join(','))
    }
  }
  await writer.close()
  await reader.close()
})
