/** The bucket of the test servers as it is, past our own code and past every faulty link. */

import { setTimeout as sleep } from 'node:timers/promises'
import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { ACCESS_KEY, BUCKET, SECRET_KEY } from './object-servers.js'

export class DirectBucket {
  readonly client: S3Client

  constructor(port: number) {
    this.client = new S3Client({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: { accessKeyId: ACCESS_KEY, secretAccessKey: SECRET_KEY },
    })
  }

  /** Every key below a prefix (fewer than 1,000). */
  async keys(prefix: string): Promise<string[]> {
    const page = await this.client.send(
      new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }),
    )
    return (page.Contents ?? []).map(({ Key }) => Key ?? '')
  }

  /** Uploads of exactly this key that are neither completed nor aborted. */
  async openUploads(key: string): Promise<number> {
    const page = await this.client.send(
      new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: key }),
    )
    return (page.Uploads ?? []).filter(({ Key }) => Key === key).length
  }

  /** How many uploads of `keys` are still open when none is, or when `withinMs` are over. */
  async uploadsLeft(keys: readonly string[], withinMs: number): Promise<number> {
    for (const end = Date.now() + withinMs; ; await sleep(100)) {
      const counts = await Promise.all(keys.map((key) => this.openUploads(key)))
      const left = counts.reduce((sum, count) => sum + count, 0)
      if (left === 0 || Date.now() > end) return left
    }
  }

  close(): void {
    this.client.destroy()
  }
}
