/**
 * A stream of messages that follow from their numbers: who resumes it anywhere sends the same.
 * Two sources take turns, and each only deletes what it sent itself, so that its order is enough.
 */

const SOURCES = 2
const MOST_ROWS = 20
const KEYS_PER_MESSAGE = 100

/** A number that looks like noise. */
function noise(number) {
  const mixed = Math.imul(number + 0x9e3779b9, 0x85ebca6b)
  return (mixed ^ (mixed >>> 13)) >>> 0
}

const sourceOf = (number) => `stream ${number % SOURCES}`
const titleOf = (number, key) => `message ${number} key ${key}`

function newKeysOf(number) {
  const rows = 1 + (noise(number) % MOST_ROWS)
  return Array.from({ length: rows }, (_, row) => number * KEYS_PER_MESSAGE + row)
}

/** Every second key of an earlier message of the same source. */
function deletesOf(number) {
  const target = number - SOURCES * (1 + (noise(number + 7) % 5))
  if (number % 3 !== 0 || target < 0) return []
  return newKeysOf(target).filter((_, row) => row % 2 === 0)
}

/** Some of what a message deletes comes again with it, as an update does. */
function keysOf(number) {
  const again = number % 6 === 0 ? deletesOf(number).slice(0, 3) : []
  return [...newKeysOf(number), ...again]
}

/** Title of every key that is there after the messages below `end`. */
function rowsAfter(end) {
  const rows = new Map()
  for (let number = 0; number < end; number++) {
    for (const key of deletesOf(number)) rows.delete(key)
    for (const key of keysOf(number)) rows.set(key, titleOf(number, key))
  }
  return rows
}

module.exports = { SOURCES, deletesOf, keysOf, rowsAfter, sourceOf, titleOf }
