/** Ways to damage a Parquet file: name -> (bytes, random, other file's bytes) => damaged bytes. */

const FOOTER_TAIL = 8

function footerStart(bytes) {
  return bytes.length - FOOTER_TAIL - bytes.readUInt32LE(bytes.length - FOOTER_TAIL)
}

function flipBits(bytes, random, from, to) {
  const out = Buffer.from(bytes)
  for (let flips = 1 + random.below(6); flips > 0; flips--) {
    out[from + random.below(to - from)] ^= 1 << random.below(8)
  }
  return out
}

/** Overwrite up to 64 bytes with noise, zeros or ones. */
function overwrite(bytes, random, from, to) {
  const out = Buffer.from(bytes)
  const start = from + random.below(to - from)
  const run = Math.min(1 + random.below(64), to - start)
  const filler = random.pick([
    random.bytes(run),
    new Uint8Array(run),
    new Uint8Array(run).fill(255),
  ])
  out.set(filler, start)
  return out
}

/** Change decimal digits of a footer value, length kept, so that Thrift still parses. */
function changeDigits(bytes, random, key, most) {
  const out = Buffer.from(bytes)
  const at = out.indexOf(key, footerStart(bytes), 'latin1')
  if (at < 0) return out
  // The value follows the key: a field header, a length of one or two bytes, then ASCII text.
  const text = at + key.length
  const digits = []
  for (let i = text + 2; i < Math.min(text + 200, out.length); i++) {
    if (out[i] >= 0x30 && out[i] <= 0x39) digits.push(i)
    else if (out[i] !== 0x7c && out[i] !== 0x3b && out[i] !== 0x2c && digits.length > 0) break
  }
  for (let n = 1 + random.below(most); n > 0 && digits.length > 0; n--) {
    out[random.pick(digits)] = 0x30 + random.below(10)
  }
  return out
}

function renameKey(bytes, random) {
  const out = Buffer.from(bytes)
  const key = random.pick(['group_field_id_list', 'row_group_metadata', 'storage_version'])
  const at = out.indexOf(key, footerStart(bytes), 'latin1')
  if (at >= 0) out.write('x', at, 'latin1')
  return out
}

const MUTATIONS = {
  truncated: (bytes, random) => bytes.subarray(0, random.below(bytes.length)),
  'truncated near the end': (bytes, random) =>
    bytes.subarray(0, bytes.length - 1 - random.below(Math.min(400, bytes.length - 1))),
  'bits flipped': (bytes, random) => flipBits(bytes, random, 0, bytes.length),
  'bits flipped in the pages': (bytes, random) => flipBits(bytes, random, 4, footerStart(bytes)),
  // The first column's dictionary page or first data page: sizes, counts, encodings.
  'bits flipped in a page header': (bytes, random) =>
    flipBits(bytes, random, 4, Math.min(4 + 24, footerStart(bytes))),
  'bytes overwritten in a page header': (bytes, random) =>
    overwrite(bytes, random, 4, Math.min(4 + 24, footerStart(bytes))),
  'bits flipped in the footer': (bytes, random) =>
    flipBits(bytes, random, footerStart(bytes), bytes.length - FOOTER_TAIL),
  'bytes overwritten': (bytes, random) => overwrite(bytes, random, 0, bytes.length),
  'bytes overwritten in the footer': (bytes, random) =>
    overwrite(bytes, random, footerStart(bytes), bytes.length),
  'footer of another file': (bytes, _random, other) =>
    Buffer.concat([bytes.subarray(0, footerStart(bytes)), other.subarray(footerStart(other))]),
  'pages of another file': (bytes, _random, other) =>
    Buffer.concat([other.subarray(0, footerStart(other)), bytes.subarray(footerStart(bytes))]),
  'row group records that lie': (bytes, random) =>
    changeDigits(bytes, random, 'row_group_metadata', 8),
  'field ids that lie': (bytes, random) => changeDigits(bytes, random, 'group_field_id_list', 3),
  'a key missing': renameKey,
  'footer length that lies': (bytes, random) => {
    const out = Buffer.from(bytes)
    const lies = [0, 1, 0x7fffffff, 0xffffffff, bytes.length, random.below(bytes.length)]
    out.writeUInt32LE(random.pick(lies), bytes.length - FOOTER_TAIL)
    return out
  },
  'bytes inserted': (bytes, random) => {
    const at = random.below(bytes.length)
    return Buffer.concat([
      bytes.subarray(0, at),
      random.bytes(1 + random.below(40)),
      bytes.subarray(at),
    ])
  },
  'bytes removed': (bytes, random) => {
    const at = random.below(bytes.length)
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(40))])
  },
  empty: () => Buffer.alloc(0),
  'no Parquet at all': (bytes, random) => Buffer.from(random.bytes(bytes.length)),
  'all zeros': (bytes) => Buffer.alloc(bytes.length),
}

module.exports = { MUTATIONS }
