/** Azure Blob Storage and Google Cloud Storage through their emulators. */
import { openAzureStore } from '../lib/storage/azure/store.js'
import { openGcsStore } from '../lib/storage/google/store.js'
import type { ObjectStore } from '../lib/storage/index.js'
import { testObjectStore } from './support/object-store-contract.js'
import {
  noOtherStores,
  type OtherStore,
  startAzurite,
  startFakeGcs,
} from './support/other-stores.js'
import { temporaryDirectory } from './support/temporary.js'

if (noOtherStores !== undefined) process.stderr.write(`NOT RUN (${noOtherStores}): other stores\n`)
const describeOthers = noOtherStores === undefined ? describe : describe.skip
const directory = temporaryDirectory('other-stores')

describeOthers('Azure', () => {
  let azurite: OtherStore
  let store: ObjectStore
  beforeAll(async () => {
    azurite = await startAzurite(directory)
    store = await openAzureStore(azurite.storage)
  })
  afterAll(() => azurite.server.stop())
  testObjectStore('Azure', () => store)

  test('a wrong key is PermissionDenied, and appears nowhere', async () => {
    const secretAccessKey = Buffer.from('not the key').toString('base64')
    const wrong = await openAzureStore({ ...azurite.storage, secretAccessKey })
    const error = await wrong.head('any').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'PermissionDenied', path: 'any', retryable: false })
    expect(JSON.stringify(error) + String((error as Error).stack)).not.toContain(secretAccessKey)
  })

  test('a missing container is NotFound', async () => {
    const other = await openAzureStore({ ...azurite.storage, bucketName: 'absent' })
    await expect(other.put('any', new Uint8Array(1))).rejects.toMatchObject({ code: 'NotFound' })
  })
})

describeOthers('Google', () => {
  let google: OtherStore
  let store: ObjectStore
  beforeAll(async () => {
    google = await startFakeGcs()
    store = await openGcsStore(google.storage)
  })
  afterAll(() => google.server.stop())
  testObjectStore('Google', () => store)

  test('a missing bucket is NotFound', async () => {
    const other = await openGcsStore({ ...google.storage, bucketName: 'absent' })
    await expect(other.put('any', new Uint8Array(1))).rejects.toMatchObject({ code: 'NotFound' })
  })
})
