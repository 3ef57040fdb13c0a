/** How a file of any kind is damaged: bytes of any file, Parquet that lies, JSON, binlogs. */
const { MUTATIONS } = require('./mutations.cjs')
const { LIES } = require('./lies.cjs')

/** Those of MUTATIONS that need no footer. */
const OF_BYTES = [
  'truncated',
  'truncated near the end',
  'bits flipped',
  'bytes overwritten',
  'bytes inserted',
  'bytes removed',
  'empty',
  'no Parquet at all',
  'all zeros',
]
const MAGIC = 0xfffabc
const EVENT_HEADER = 17
const EVENT_START = 33
const LENGTH_AT = 9

const pickOf = (kinds) => (random) => random.pick(Object.entries(kinds))

function integerThatLies(bytes, random) {
  if (bytes.length < 8) return undefined
  const out = Buffer.from(bytes)
  const at = random.below(bytes.length - 7)
  const lies = [0n, -1n, 1n, BigInt(bytes.length), 0x7fffffffn, 1n << 31n, 1n << 40n, 1n << 62n]
  const lie = BigInt.asIntN(64, random.pick(lies))
  if (random.next() < 0.5) out.writeBigInt64LE(lie, at)
  else out.writeInt32LE(Number(BigInt.asIntN(32, lie)), at)
  return out
}

/** Another number, text, literal or name in the place of one of a JSON text. */
function tokenThatLies(bytes, random) {
  const text = bytes.toString()
  const tokens = [...text.matchAll(/-?\d+|"[^"]*"|true|false|null|[[\]{},:]/g)]
  if (tokens.length === 0) return undefined
  const { index, 0: token } = random.pick(tokens)
  const lies = [
    '0',
    '-1',
    '9007199254740993',
    '18446744073709551616',
    '1e999',
    '""',
    '"1"',
    '"x/../y"',
  ]
  lies.push('null', 'true', '[]', '{}', '', '[[[[', token + token, '"__proto__"', '1.5')
  return Buffer.from(text.slice(0, index) + random.pick(lies) + text.slice(index + token.length))
}

/** Where the events of a whole binlog begin; none for something else. */
function eventsOf(bytes) {
  if (bytes.length < 4 + EVENT_HEADER || bytes.readInt32LE(0) !== MAGIC) return []
  const events = []
  for (let at = 4; at + EVENT_START <= bytes.length; ) {
    const length = bytes.readInt32LE(at + LENGTH_AT)
    if (length < EVENT_HEADER) break
    if (at > 4) events.push({ at, end: at + length })
    at += length
  }
  return events
}

/** A damaged payload, with lengths that fit it. */
function payloadThatLies(bytes, random) {
  const event = random.pick(eventsOf(bytes))
  if (event === undefined) return undefined
  const [, change] = pickOf({ ...MUTATIONS, ...LIES })(random)
  const start = event.at + EVENT_START
  const payload = bytes.subarray(start, event.end)
  if (payload.length < 16) return undefined
  const damaged = change(payload, random, payload)
  if (damaged === undefined) return undefined
  const head = Buffer.from(bytes.subarray(0, start))
  head.writeInt32LE(EVENT_START + damaged.length, event.at + LENGTH_AT)
  return Buffer.concat([head, damaged, bytes.subarray(event.end)])
}

const OF_ANY = {
  ...Object.fromEntries(OF_BYTES.map((kind) => [kind, MUTATIONS[kind]])),
  'an integer that lies': integerThatLies,
}
const OF_PARQUET = { ...MUTATIONS, ...LIES }
const OF_ENCRYPTED = MUTATIONS
const OF_JSON = { ...OF_ANY, 'a token of JSON that lies': tokenThatLies }
const OF_BINLOG = {
  ...OF_ANY,
  'an integer of an event that lies': (bytes, random) => {
    const { at } = random.pick([{ at: 4 }, ...eventsOf(bytes)])
    const part = integerThatLies(bytes.subarray(at, at + 60), random)
    return part && Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at + 60)])
  },
  'the payload of an event damaged': payloadThatLies,
}

/** What kinds of damage there are for a file, by its content, and how often they come as a pair. */
function kindsFor(bytes) {
  const tail = bytes.toString('latin1', Math.max(bytes.length - 4, 0))
  if (tail === 'PAR1') return OF_PARQUET
  if (tail === 'PARE') return OF_ENCRYPTED
  if (eventsOf(bytes).length > 0) return OF_BINLOG
  return bytes[0] === 0x7b || bytes[0] === 0x5b ? OF_JSON : OF_ANY
}

const MOST_TRIES = 20

/** A kind of damage that applies to these bytes, and the bytes after it. */
function damage(bytes, random, other) {
  const kinds = kindsFor(bytes)
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const [kind, change] = pickOf(kinds)(random)
    const damaged = change(bytes, random, other)
    if (damaged !== undefined) return { kind, damaged }
  }
  return { kind: 'empty', damaged: Buffer.alloc(0) }
}

/** All there are, for a test that each of them came. */
const ALL_KINDS = [
  ...new Set([OF_PARQUET, OF_JSON, OF_BINLOG].flatMap((kinds) => Object.keys(kinds))),
]

module.exports = { ALL_KINDS, damage }
