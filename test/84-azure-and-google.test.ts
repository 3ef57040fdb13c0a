/** Column groups in Azure Blob Storage and Google Cloud Storage, through their emulators. */
import { PackedReader, PackedWriter, type StorageConfig } from '../lib/index.js'
import { type ChunkManager, openChunkManager } from '../lib/storage/index.js'
import {
  noOtherStores,
  type OtherStore,
  startAzurite,
  startFakeGcs,
} from './support/other-stores.js'
import { rejection } from './support/rejection.js'
import { expectSample, sampleBatch, sampleSchema } from './support/sample.js'
import { temporaryDirectory } from './support/temporary.js'
import { expectWideAt, widePaths, writeWide } from './support/wide-segment.js'

if (noOtherStores !== undefined) process.stderr.write(`NOT RUN (${noOtherStores}): other stores\n`)
const describeStores = noOtherStores === undefined ? describe : describe.skip
const directory = temporaryDirectory('azure-and-google')
const STORES: [string, () => Promise<OtherStore>][] = [
  ['Azure', () => startAzurite(directory)],
  ['Google', startFakeGcs],
]

describeStores.each(STORES)('%s', (_, start) => {
  let store: OtherStore
  let storage: StorageConfig
  let chunks: ChunkManager

  beforeAll(async () => {
    store = await start()
    storage = { ...store.storage, rootPath: 'root', multipartPartBytes: 5 << 20 }
    chunks = await openChunkManager(storage)
  })
  afterAll(() => store.server.stop())

  const writeSample = async (path: string) => {
    const schema = sampleSchema()
    const fields = schema.names as string[]
    const writer = await PackedWriter.open({ schema, groups: [{ id: 0, path, fields }], storage })
    await writer.write(sampleBatch(0, 1000))
    return writer
  }

  const keysBelow = async (prefix: string): Promise<string[]> => {
    const keys: string[] = []
    for await (const { path } of chunks.walk(prefix)) keys.push(path)
    return keys
  }

  test('groups of one part and of several are written, listed, read and removed', async () => {
    await writeWide('wide', storage)
    expect(await keysBelow('wide/')).toEqual(widePaths('wide'))
    await expectWideAt('wide', storage)
    await chunks.removeWithPrefix('wide/')
    expect(await keysBelow('wide/')).toEqual([])
    const error = await rejection(() => PackedReader.open({ paths: widePaths('wide'), storage }))
    expect(error).toMatchObject({ code: 'NotFound', retryable: false })
  })

  test('a file is read whole and by columns in another order', async () => {
    const writer = await writeSample('sample/one')
    expect(await keysBelow('sample/')).toEqual([])
    await writer.finish()
    const whole = await PackedReader.open({ paths: ['sample/one'], storage })
    expectSample((await whole.toTable()).batches, 1000)
    const columns = ['score', 'id']
    const some = await PackedReader.open({ paths: ['sample/one'], storage, columns })
    const table = await some.toTable()
    expect(table.schema.names).toEqual(columns)
    expect([...table.getChild('id')!]).toEqual(Array.from({ length: 1000 }, (_, i) => BigInt(i)))
    await Promise.all([whole.close(), some.close()])
  })

  test('what stands at a path stays, and a writer that is closed leaves nothing', async () => {
    await (await writeSample('once')).finish()
    const error = await rejection(() => writeSample('once'))
    expect(error).toMatchObject({ code: 'AlreadyExists', path: 'once' })
    const writer = await writeSample('never')
    await writer.close()
    expect(await chunks.exist('never')).toBe(false)
  })
})
