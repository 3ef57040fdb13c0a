import { expectBoolean, expectInteger, expectOptions, unexpected } from '../config/index.js'
import type {
  ChunkManager,
  ChunkOptions,
  ChunkRange,
  ChunkWriteOptions,
  MultiWriteOptions,
} from './chunk-manager.js'
import type { FileRange } from './local/files.js'

/** Objects of one call that are read or written at a time. */
export const MOST_AT_ONCE = 16

/** The bytes of any view. @throws PackedError InvalidArgument. */
export function expectContent(content: unknown): Uint8Array {
  if (!ArrayBuffer.isView(content)) throw unexpected('a Uint8Array', 'content', content)
  return new Uint8Array(content.buffer, content.byteOffset, content.byteLength)
}

/** @throws PackedError InvalidArgument. */
export function expectIfAbsent(options: ChunkWriteOptions): boolean {
  const { ifAbsent } = expectOptions(options, ['ifAbsent', 'signal'], 'a write')
  return expectBoolean(ifAbsent, 'ifAbsent', false)
}

/** @throws PackedError InvalidArgument. */
export function expectRange(range: ChunkRange): FileRange {
  const { offset, length } = expectOptions(range, ['offset', 'length'], 'a range')
  return {
    offset: expectInteger(offset, 'offset', { fallback: 0 }),
    length: length === undefined ? undefined : expectInteger(length, 'length'),
  }
}

/** @throws PackedError InvalidArgument. */
export function expectMultiWrite(options: MultiWriteOptions): MultiWriteOptions {
  return expectOptions(options, ['onWritten', 'ifAbsent', 'signal'], 'multiWrite')
}

/** @throws PackedError InvalidArgument. */
export function expectWalk(options: ChunkOptions & { recursive?: boolean }) {
  const { recursive, signal } = expectOptions(options, ['recursive', 'signal'], 'walk')
  return { recursive: expectBoolean(recursive, 'recursive', true), signal }
}

/** A prefix that may be removed: not everything. @throws PackedError InvalidArgument. */
export function expectSomePrefix(prefix: string): string {
  if (prefix === '') throw unexpected('a prefix that is not empty', 'prefix', prefix)
  return prefix
}

/**
 * What is given for a chunk manager, by its methods: it may be the caller's own.
 *
 * @throws PackedError InvalidArgument.
 */
export function expectChunkManager(value: unknown, name: string): ChunkManager {
  const manager = value as Partial<ChunkManager> | null | undefined
  if (typeof manager?.read === 'function' && typeof manager.write === 'function') {
    return manager as ChunkManager
  }
  throw unexpected('a chunk manager', name, value)
}
