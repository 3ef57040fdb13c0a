import { isPackedError, type PackedError } from '../../lib/index.js'

/** The PackedError that `action` fails with; anything else fails the test. */
export async function rejection(action: () => unknown): Promise<PackedError> {
  try {
    await action()
  } catch (error) {
    if (isPackedError(error)) return error
    throw error
  }
  throw new Error('Expected a PackedError but received success')
}
