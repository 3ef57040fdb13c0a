/** What Milvus hands to its packed writer, as the encryption of ours. */
import { join } from 'node:path'
import { PackedReader, PackedWriter } from '../lib/index.js'
import { encryptionOf, parseKeyMetadata } from '../lib/packed/index.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'

const ROWS = 500
const KEY = Buffer.from('data_key_of_32_bytes_for_AES_256')
const OTHER_KEY = Buffer.from('another_key_16B_')
const directory = temporaryDirectory('plugin-context')

describe('the plugin context of Milvus', () => {
  const context = { key: KEY, keyMetadata: 'edek_1', encryptionZone: 7n, collectionId: 449 }

  test('becomes the encryption of a writer, and its metadata the parts again', async () => {
    const encryption = encryptionOf(context)
    expect(encryption).toEqual({
      key: KEY,
      keyMetadata: Buffer.from('7_449_edek_1'),
      algorithm: 'AES_GCM_V1',
    })
    await using writer = await PackedWriter.open({
      schema: sampleSchema(),
      directory: join(directory, 'plugin'),
      encryption,
    })
    await writer.write(sampleBatch(0, ROWS))
    const { groups } = await writer.finish()
    const zones: bigint[] = []
    const reader = await PackedReader.open({
      paths: groups.map(({ path }) => path),
      keyRetriever: (metadata) => {
        const { encryptionZone, collectionId, keyMetadata } = parseKeyMetadata(metadata)
        zones.push(encryptionZone, collectionId)
        return Buffer.from(keyMetadata).toString() === 'edek_1' ? KEY : OTHER_KEY
      },
    })
    expect(zones).toEqual([7n, 449n])
    expectSample((await reader.toTable()).batches, ROWS)
  })

  test('may leave the collection and the encrypted key out, or have bytes for it', () => {
    const bare = encryptionOf({ key: KEY, encryptionZone: 2 })
    expect(bare.keyMetadata).toEqual(Buffer.from('2_0_'))
    const edek = Uint8Array.of(0, 95, 255)
    const { keyMetadata } = encryptionOf({ ...context, keyMetadata: edek })
    expect(parseKeyMetadata(keyMetadata as Uint8Array)).toEqual({
      encryptionZone: 7n,
      collectionId: 449n,
      keyMetadata: Buffer.from(edek),
    })
  })

  test.each([
    ['key', 'secret', 'a value of type string'],
    ['encryptionZone', -1, '-1'],
    ['encryptionZone', 2 ** 53, '9007199254740992'],
    ['collectionId', 'x', '"x"'],
    ['keyMetadata', 7, 'a value of type number'],
  ])('%s may not be %p', async (name, value, received) => {
    const error = await rejection(() => encryptionOf({ ...context, [name]: value }))
    expect(error.code).toBe('InvalidArgument')
    expect(error.message).toContain(`pluginContext.${name}`)
    expect(error.message).toContain(received)
    expect(error.message).not.toContain('secret')
  })

  test.each(['secret', null, undefined, [], { ...context, ezId: 1 }])(
    'may not be %p',
    async (value) => {
      const error = await rejection(() => encryptionOf(value as never))
      expect(error.code).toBe('InvalidArgument')
      expect(error.message).toContain('pluginContext')
      expect(error.message).not.toContain('secret')
    },
  )

  test.each(['', 'encryption_meta_data', '7', '7_8', 'a_b_c', '-1_2_c'])(
    'key metadata of another kind is InvalidData: %p',
    async (text) => {
      const error = await rejection(() => parseKeyMetadata(Buffer.from(text)))
      expect(error.code).toBe('InvalidData')
    },
  )
})
