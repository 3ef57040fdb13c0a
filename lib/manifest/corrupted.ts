import { isPackedError, PackedError } from '../errors/index.js'

/** "Expected X in the manifest but received Z", of the manifest at `path`. */
export function corrupted(
  expected: string,
  received: string,
  path: string | undefined,
  cause?: unknown,
): PackedError {
  const place = path === undefined ? 'a manifest' : `the manifest ${path}`
  const message = `Expected ${expected} in ${place} but received ${received}`
  return new PackedError('MetadataCorrupted', message, { path, cause })
}

/** Runs a decoder; what a library throws becomes MetadataCorrupted, naming the path. */
export function decoding<T>(expected: string, path: string | undefined, decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (isPackedError(error)) throw error
    const received = error instanceof Error ? error.message : String(error)
    throw corrupted(expected, received, path, error)
  }
}
