/** Emulators of Azure Blob Storage and of Google Cloud Storage (`scripts/fetch-servers --all`). */
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StorageConfig } from '../../lib/config/index.js'
import { SERVERS, startServer, type TestServer } from './server-process.js'

const AZURITE = join(
  SERVERS,
  'azurite',
  'node_modules',
  'azurite',
  'dist',
  'src',
  'blob',
  'main.js',
)
const FAKE_GCS = join(SERVERS, 'bin', 'fake-gcs-server')
/** Account and key that every Azurite has, as its documentation gives them. */
const AZURITE_ACCOUNT = 'devstoreaccount1'
const AZURITE_KEY =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
const CONTAINER = 'segments'

/** Why one of the two cannot run here, or undefined. */
export const noOtherStores = [AZURITE, FAKE_GCS].every((file) => existsSync(file))
  ? undefined
  : 'Azurite and fake-gcs-server are not there (scripts/fetch-servers --all)'

/** A server with an empty container, and what reaches it. */
export interface OtherStore {
  server: TestServer
  storage: StorageConfig
}

export async function startAzurite(directory: string): Promise<OtherStore> {
  mkdirSync(directory, { recursive: true })
  const server = await startServer((port) => ({
    program: process.execPath,
    args: [
      AZURITE,
      ...['--blobHost', '127.0.0.1', '--blobPort', `${port}`, '-l', directory],
      ...['--silent', '--skipApiVersionCheck', '--disableTelemetry'],
    ],
  }))
  const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
  const address = `127.0.0.1:${server.port}`
  await new BlobServiceClient(
    `http://${address}/${AZURITE_ACCOUNT}`,
    new StorageSharedKeyCredential(AZURITE_ACCOUNT, AZURITE_KEY),
  ).createContainer(CONTAINER)
  const storage: StorageConfig = {
    storageType: 'remote',
    cloudProvider: 'azure',
    address,
    bucketName: CONTAINER,
    accessKeyId: AZURITE_ACCOUNT,
    secretAccessKey: AZURITE_KEY,
  }
  return { server, storage }
}

export async function startFakeGcs(): Promise<OtherStore> {
  const server = await startServer((port) => ({
    program: FAKE_GCS,
    args: [
      ...['-scheme', 'http', '-host', '127.0.0.1', '-port', `${port}`, '-backend', 'memory'],
      ...['-public-host', `127.0.0.1:${port}`, '-external-url', `http://127.0.0.1:${port}`],
    ],
  }))
  const address = `127.0.0.1:${server.port}`
  const created = await fetch(`http://${address}/storage/v1/b?project=test`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: CONTAINER }),
  })
  if (!created.ok) throw new Error(`fake-gcs-server: ${created.status} ${await created.text()}`)
  const storage: StorageConfig = {
    storageType: 'remote',
    cloudProvider: 'gcp',
    address,
    bucketName: CONTAINER,
  }
  return { server, storage }
}
