import { setTimeout as sleep } from 'node:timers/promises'
import type {
  $Command,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes,
} from '@aws-sdk/client-s3'
import type { StorageConfig } from '../../config/index.js'
import type { PackedErrorCode } from '../../errors/index.js'
import { type StorageMeter, storageMeter } from '../../telemetry/index.js'
import { DeadlineExceeded, withDeadline } from '../deadline.js'
import { storeError } from '../http-failure.js'
import { HTTP_DEFAULTS } from '../http-limits.js'
import type { S3Connection } from './client.js'
import { describeS3Failure, type S3Failure } from './failure.js'

const FIRST_DELAY_MS = 100
const MOST_DELAY_MS = 5000
/** A body that moves may take longer than the time for retries, down to this speed. */
const LEAST_BYTES_PER_MS = 4 * 1024

/** One operation, as its caller sees it. */
export interface S3Operation {
  /** Key that errors name. */
  key: string
  signal?: AbortSignal | undefined
  /** An object at the key is the caller's AlreadyExists. */
  ifAbsent?: boolean | undefined
  /** Bytes of the request's body. */
  bytes?: number | undefined
  /** Milliseconds with all retries, where it is not the configuration's. */
  timeoutMs?: number | undefined
  /** Attempts that failed before, where it goes on with what another one began. */
  failed?: number
}

export type S3Command<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>

/** One attempt of an operation. */
export interface S3Attempt {
  /** Attempts that failed before this one. */
  failed: number
  /** Ends with the caller's signal, or with the time of the operation. */
  signal: AbortSignal
  send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: S3Command<I, O>,
  ): Promise<O>
}

/** Makes the requests of one bucket: tried again until the operation's time is over, counted. */
export class S3Requests {
  readonly meter: StorageMeter
  readonly timeoutMs: number
  readonly #connection: S3Connection

  constructor(connection: S3Connection, config: StorageConfig) {
    this.#connection = connection
    this.meter = storageMeter(connection.name)
    this.timeoutMs = config.retryTimeoutMs ?? HTTP_DEFAULTS.retryTimeoutMs
  }

  /**
   * Run an operation until an attempt succeeds or fails for good.
   *
   * Rejects with a PackedError that names the key, or with the reason of the caller's signal. When
   * the time is over the class is that of the last failure, else Timeout; never Conflict where the
   * conflicting write may be an earlier attempt of the same operation.
   */
  async run<T>(operation: S3Operation, attempt: (attempt: S3Attempt) => Promise<T>): Promise<T> {
    const { signal, bytes = 0, timeoutMs = this.timeoutMs, failed = 0 } = operation
    const untilMs = performance.now() + timeoutMs
    let last: S3Failure | undefined
    let lost: S3Failure | undefined
    try {
      return await withDeadline(
        { timeoutMs: Math.max(timeoutMs, bytes / LEAST_BYTES_PER_MS), signal },
        (inner) =>
          this.#repeat(attempt, { signal: inner, untilMs, failed }, (failure) => {
            last = failure
            if (isLost(failure)) lost = failure
          }),
      )
    } catch (error) {
      if (signal?.aborted) throw signal.reason
      const cause = error instanceof DeadlineExceeded ? (last?.thrown ?? error) : error
      // The write that stands in the way may be the lost one: nobody knows whose the object will be.
      const isOpen = operation.ifAbsent === true && describeS3Failure(cause).kind === 'Conflict'
      throw this.error(isOpen ? (lost?.thrown ?? cause) : cause, operation)
    }
  }

  /** The PackedError for what an attempt threw. */
  error(thrown: unknown, { key, ifAbsent = false }: S3Operation): unknown {
    return storeError(thrown, key, () => {
      const failure = describeS3Failure(thrown)
      return { ...failure, kind: kindOf(failure, ifAbsent), message: this.#messageOf(failure) }
    })
  }

  /** Milliseconds to wait before the attempt after `failed` failed ones. */
  delayMs(failed: number): number {
    return Math.random() * Math.min(MOST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failed, 16))
  }

  async #repeat<T>(
    attempt: (attempt: S3Attempt) => Promise<T>,
    limits: { signal: AbortSignal; untilMs: number; failed: number },
    note: (failure: S3Failure) => void,
  ): Promise<T> {
    const { credentials } = this.#connection
    const { signal, untilMs, failed: first } = limits
    let renewed = false
    for (let failed = first; ; failed += 1) {
      let used: string | undefined
      try {
        used = (await credentials.get()).accessKeyId
        return await attempt({
          failed,
          signal,
          send: (command) => this.#send(command, failed, signal),
        })
      } catch (thrown) {
        if (signal.aborted) throw thrown
        const failure = describeS3Failure(thrown)
        note(failure)
        if (failure.kind === 'PermissionDenied' && used !== undefined && !renewed) {
          renewed = true
          if (await credentials.renew(used).catch(() => false)) continue
        }
        const delayMs = this.delayMs(failed)
        if (!failure.again || performance.now() + delayMs > untilMs) throw thrown
        await sleep(delayMs, undefined, { signal })
      }
    }
  }

  async #send<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: S3Command<I, O>,
    failed: number,
    abortSignal: AbortSignal,
  ): Promise<O> {
    const started = performance.now()
    const retry = failed > 0
    try {
      const answer = await this.#connection.client.send(command, { abortSignal })
      this.meter.request(performance.now() - started, { retry })
      return answer
    } catch (error) {
      this.meter.request(performance.now() - started, { failed: true, retry })
      throw error
    }
  }

  #messageOf({ code, message }: S3Failure): string {
    if (code !== 'NoSuchBucket') return message
    return `no bucket "${this.#connection.bucket}" at ${this.#connection.name}`
  }
}

/** Whether the store may have carried out, or still be at, what it did not confirm. */
function isLost({ kind, again }: S3Failure): boolean {
  return again && kind !== 'Conflict' && kind !== 'Throttled'
}

/** What a refused condition means to who asked for it. */
function kindOf({ kind }: S3Failure, ifAbsent: boolean): PackedErrorCode {
  return ifAbsent && kind === 'PreconditionFailed' ? 'AlreadyExists' : kind
}
