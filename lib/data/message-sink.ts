import { AsyncByteQueue } from 'apache-arrow'

/**
 * Where apache-arrow's writers put their messages, to be taken in one go; its own queue only gives
 * them one by one, asynchronously.
 */
export class MessageSink extends AsyncByteQueue {
  #messages: Uint8Array[] = []

  override write(message: Uint8Array): void {
    if (message.byteLength > 0) this.#messages.push(message)
  }

  /** What was written since the last call; parts may view the memory of the batches. */
  take(): Uint8Array[] {
    const messages = this.#messages
    this.#messages = []
    return messages
  }
}
