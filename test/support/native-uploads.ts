/** Writers of the addon over an uploader in memory: what the library puts around them is not there. */
import type { RecordBatch } from 'apache-arrow'
import { flattenBatch, flattenSchema } from '../../lib/cdata/index.js'
import type {
  CancelHandle,
  NativeError,
  NativeGroupResult,
  NativeUploadRequest,
  NativeWriterOptions,
  WriterHandle,
} from '../../lib/native/index.js'
import { callAsync, callSync } from '../../lib/native/index.js'
import { sampleSchema } from './sample.js'

export const PART_BYTES = 64 << 10
export const IN_FLIGHT_BYTES = 4 * PART_BYTES

type Step = NativeUploadRequest['step']

/** A store in memory, asked as an uploader is. Answers on a later turn, unless told to hold. */
export class MemoryUploads {
  readonly objects = new Map<string, Uint8Array>()
  readonly uploads = new Map<string, Map<number, Uint8Array>>()
  /** Every step in the order of asking, with its key or part number. */
  readonly steps: string[] = []
  readonly held: NativeUploadRequest[] = []
  bytesInFlight = 0
  mostBytesInFlight = 0
  hold: (request: NativeUploadRequest) => boolean = () => false
  fail: (request: NativeUploadRequest) => NativeError | undefined = () => undefined
  #created = 0

  readonly handle = (request: NativeUploadRequest): void => {
    this.steps.push(request.step === 'part' ? `part ${request.number}` : request.step)
    this.bytesInFlight += request.content?.length ?? 0
    this.mostBytesInFlight = Math.max(this.mostBytesInFlight, this.bytesInFlight)
    if (this.hold(request)) this.held.push(request)
    else setImmediate(() => this.answer(request))
  }

  answer(request: NativeUploadRequest): void {
    this.bytesInFlight -= request.content?.length ?? 0
    const failure = this.fail(request)
    const value = failure === undefined ? this.#do(request) : ''
    settle(request.ticket, failure ?? null, value)
  }

  /** Answer what was held, and hold nothing more. */
  release(): void {
    this.hold = () => false
    for (const request of this.held.splice(0)) this.answer(request)
  }

  count(step: Step): number {
    return this.steps.filter((name) => name.split(' ')[0] === step).length
  }

  #do({ step, key, upload, number, content, tags }: NativeUploadRequest): string {
    switch (step) {
      case 'create':
        this.uploads.set(`upload-${++this.#created}`, new Map())
        return `upload-${this.#created}`
      case 'part':
        this.uploads.get(upload!)!.set(number!, content!.slice())
        return `tag-${upload}-${number}`
      case 'complete':
        this.objects.set(key, this.#assemble(upload!, tags!))
        this.uploads.delete(upload!)
        return ''
      case 'put':
        this.objects.set(key, content!.slice())
        return ''
      case 'abort':
        this.uploads.delete(upload!)
        return ''
      case 'remove':
        this.objects.delete(key)
        return ''
    }
  }

  #assemble(upload: string, tags: readonly string[]): Uint8Array {
    const parts = this.uploads.get(upload)!
    expect(tags).toEqual([...parts.keys()].map((_, i) => `tag-${upload}-${i + 1}`))
    return Buffer.concat(tags.map((_, i) => parts.get(i + 1)!))
  }
}

export function settle(ticket: number, error: NativeError | null, value = ''): void {
  callSync((addon) => addon.uploadSettle(ticket, error, value))
}

/** A writer of the addon over the sample's schema: group 0 is id, title and score, group 1 vectors. */
export class NativeWriter {
  readonly #handle: WriterHandle
  readonly #flag: CancelHandle

  private constructor(handle: WriterHandle, flag: CancelHandle) {
    this.#handle = handle
    this.#flag = flag
  }

  static async open(
    uploader: NativeWriterOptions['uploader'],
    more: Partial<NativeWriterOptions> = {},
  ): Promise<NativeWriter> {
    const schema = callSync((addon) => addon.importSchema(flattenSchema(sampleSchema())))
    const flag = callSync((addon) => addon.newCancel())
    const options = nativeOptions({ ...(uploader === undefined ? {} : { uploader }), ...more })
    const handle = await callAsync<WriterHandle>((addon, done) =>
      addon.writerOpen(schema, options, flag, done),
    )
    return new NativeWriter(handle, flag)
  }

  write(batch: RecordBatch): Promise<void> {
    return callAsync((addon, done) => addon.writerWrite(this.#handle, flattenBatch(batch), done))
  }

  finish(): Promise<NativeGroupResult[]> {
    return callAsync((addon, done) => addon.writerFinish(this.#handle, done))
  }

  abort(): Promise<void> {
    return callAsync((addon, done) => addon.writerAbort(this.#handle, done))
  }

  cancel(): void {
    callSync((addon) => addon.cancel(this.#flag))
  }
}

function nativeOptions(more: Partial<NativeWriterOptions>): NativeWriterOptions {
  return {
    groups: [
      { id: 0n, path: 'seg/0', columns: [0, 1, 2], metadata: [] },
      { id: 1n, path: 'seg/1', columns: [3], metadata: [] },
    ],
    layout: 'milvus',
    compatibility: 'current',
    compression: { codec: 'zstd', level: 1 },
    columns: [],
    deltaEncoding: true,
    rowGroupBytes: 32 << 10,
    pageBytes: 0,
    bufferBytes: 1 << 20,
    userMetadata: [],
    quantize: [],
    quantization: '',
    replace: false,
    fsync: false,
    concurrency: 0,
    storage: {
      storageType: 'minio',
      address: '127.0.0.1:9',
      bucketName: 'bucket',
      rootPath: 'root',
      multipartPartBytes: PART_BYTES,
      uploadBytesInFlight: IN_FLIGHT_BYTES,
      retryTimeoutMs: 1,
    },
    ...more,
  }
}
