import { Writable } from 'node:stream'
import { follow } from '../on-abort.js'

/** Takes the bytes of one object in order. One call at a time, but `discard` comes at any time. */
export interface ObjectSink {
  /** `chunk` is lent until the promise settles. */
  write(chunk: Uint8Array): Promise<void>
  /** The object is there when this resolves. */
  finish(): Promise<void>
  /** Stop what runs and remove what was made; nothing after `finish`. Never fails. */
  discard(): Promise<void>
}

/** A stream into a sink; destroying it before its end discards, an aborted signal destroys. */
export function sinkStream(
  open: () => Promise<ObjectSink>,
  signal: AbortSignal | undefined,
): Writable {
  let sink: ObjectSink | undefined
  const stream = new Writable({
    construct(callback) {
      settle(
        open().then((opened) => {
          sink = opened
        }),
        callback,
      )
    },
    write(chunk: Uint8Array, _encoding, callback) {
      settle(sink!.write(chunk), callback)
    },
    final(callback) {
      settle(sink!.finish(), callback)
    },
    destroy(error, callback) {
      unlink()
      void (sink?.discard() ?? Promise.resolve()).then(() => callback(error))
    },
  })
  const unlink = follow(signal, (reason) => stream.destroy(reason))
  return stream
}

function settle(work: Promise<void>, callback: (error?: Error | null) => void): void {
  work.then(() => callback(), callback)
}
