import { PackedError } from '../errors/index.js'

/** @throws PackedError Detached: a view of a detached buffer looks like one of no values. */
export function expectAttached(values: ArrayBufferView, name: string): void {
  try {
    new Uint8Array(values.buffer)
  } catch (cause) {
    const message = `Expected memory for ${name} but received a detached ArrayBuffer`
    throw new PackedError('Detached', message, { cause })
  }
}
