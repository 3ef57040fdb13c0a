import { randomUUID } from 'node:crypto'
import { normalize } from 'node:path'
import { expectObject } from '../../config/index.js'
import { isRemote } from '../../storage/index.js'
import { type InputPlace, STDIN } from './input-place.js'

/**
 * The name under which a worker remembers how far an input was read.
 *
 * Of a file it is the path as it was given, without `.` and `..` parts: the same command run in
 * the same directory goes on where it stopped, and a file given by another path is another
 * source. Of an object it is the URI as it was given. Standard input is a source of its own every
 * time: it cannot be read again.
 *
 * @throws PackedError InvalidArgument.
 */
export function sourceOf(place: InputPlace): string {
  expectObject(place, 'place')
  const { text, path, storage } = place
  if (path === STDIN) return `stdin:${randomUUID()}`
  return isRemote(storage) ? text : normalize(text)
}
