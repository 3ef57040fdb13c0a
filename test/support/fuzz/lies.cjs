/** Parquet files that parse and lie: name -> (bytes, random) => damaged bytes, or undefined. */
const { TYPE, fieldOf, itemsOf, memberOf } = require('./thrift.cjs')
const {
  ID,
  chunksOf,
  footerOf,
  pagesOf,
  withFooter,
  withPageHeader,
} = require('./parquet-parts.cjs')

/** Another integer than `value`, of those that readers trip over. */
function lieFor({ type, value }, random, sizeBytes) {
  const wide = type === TYPE.i64
  const lies = [0n, 1n, -1n, value + 1n, value - 1n, value * 2n, value >> 1n, -value]
  lies.push(BigInt(random.below(sizeBytes)), 0x7fffffffn, -0x80000000n, 1n << 20n, 1n << 28n)
  if (wide) lies.push(1n << 32n, 1n << 40n, 1n << 62n, (1n << 63n) - 1n, -(1n << 63n))
  return BigInt.asIntN(wide ? 64 : 32, random.pick(lies.filter((lie) => lie !== value)))
}

const isInteger = ({ type }) => type >= TYPE.i16 && type <= TYPE.i64

/** Let one of the integers with these ids lie; false where none of them is there. */
function lie(struct, ids, random, sizeBytes) {
  const fields = (struct?.fields ?? []).filter(
    (field) => ids.includes(field.id) && isInteger(field),
  )
  if (fields.length === 0) return false
  const field = random.pick(fields)
  field.value = lieFor(field, random, sizeBytes)
  return true
}

/** Every integer below a value. */
function* integersBelow(value) {
  if (value?.fields !== undefined) {
    for (const field of value.fields) {
      if (isInteger(field)) yield field
      else yield* integersBelow(field.value)
    }
  } else if (value?.items !== undefined) {
    for (const item of value.items) yield* integersBelow(item)
  }
}

const damagedText = (bytes, random) =>
  random.pick([
    Buffer.alloc(0),
    Buffer.from(random.bytes(random.below(40))),
    bytes.subarray(0, random.below(bytes.length + 1)),
    Buffer.concat([bytes, bytes]),
    Buffer.alloc(bytes.length, 0xff),
  ])

/** Let an element of a list be dropped, doubled, exchanged or counted wrongly. */
function shuffleItems(list, random) {
  if (list === undefined || list.items.length === 0) return false
  const { items } = list
  const [at, other] = [random.below(items.length), random.below(items.length)]
  const ways = [
    () => items.splice(at, 1),
    () => items.splice(other, 0, items[at]),
    () => ([items[at], items[other]] = [items[other], items[at]]),
    () => items.splice(0, items.length),
    () => (list.length = items.length + 1 + random.below(20)),
    () => (list.length = 1 << 27),
  ]
  random.pick(ways)()
  return true
}

/** A mutation of the footer's tree; `change` says whether there was something to change. */
const inFooter = (change) => (bytes, random) => {
  const footer = footerOf(bytes)
  if (footer === undefined) return undefined
  if (!change(footer.tree, random, bytes.length)) return undefined
  return withFooter(bytes, footer.start, footer.tree)
}

const someRowGroup = (tree, random) => random.pick(itemsOf(tree, ID.file.rowGroups))
const someChunk = (tree, random) => random.pick(chunksOf(tree))
const someColumn = (tree, random) => memberOf(someChunk(tree, random), ID.chunk.metadata)
const someElement = (tree, random) => random.pick(itemsOf(tree, ID.file.schema))

/** A mutation of the header of one page. */
const inPage = (change) => (bytes, random) => {
  const footer = footerOf(bytes)
  if (footer === undefined) return undefined
  const chunk = someChunk(footer.tree, random)
  const page = random.pick(chunk === undefined ? [] : pagesOf(bytes, chunk))
  if (page === undefined || !change(page.tree, random, bytes.length)) return undefined
  return withPageHeader(bytes, footer, page)
}

const { page } = ID
const bodyOf = (tree) =>
  memberOf(tree, page.data) ?? memberOf(tree, page.dictionary) ?? memberOf(tree, page.dataV2)

function lieInStatistics(tree, random, sizeBytes) {
  const statistics = memberOf(someColumn(tree, random), ID.column.statistics)
  if (statistics === undefined) return false
  const bounds = statistics.fields.filter(({ type }) => type === TYPE.binary)
  if (bounds.length === 0 || random.next() < 0.4) return lie(statistics, [3, 4], random, sizeBytes)
  const bound = random.pick(bounds)
  bound.value = random.pick([damagedText(bound.value, random), random.pick(bounds).value])
  return true
}

function lieInKeyValues(tree, random) {
  const pair = random.pick(itemsOf(tree, ID.file.keyValues))
  const field = random.pick(pair?.fields ?? [])
  if (field === undefined) return false
  field.value = damagedText(field.value, random)
  return true
}

function lieAnywhere(tree, random, sizeBytes) {
  const fields = [...integersBelow(tree)]
  for (let lies = 1 + random.below(3); lies > 0; lies--) {
    const field = random.pick(fields)
    field.value = lieFor(field, random, sizeBytes)
  }
  return true
}

const COLUMN_SIZES = [ID.column.uncompressed, ID.column.compressed]
const COLUMN_OFFSETS = [ID.column.dataPage, ID.column.indexPage, ID.column.dictionaryPage]

const LIES = {
  'rows of the file that lie': inFooter((tree, random, size) =>
    lie(tree, [ID.file.rows], random, size),
  ),
  'rows of a row group that lie': inFooter((tree, random, size) =>
    lie(someRowGroup(tree, random), [ID.rowGroup.rows], random, size),
  ),
  'rows of file and row group that lie together': inFooter((tree, random, size) => {
    const group = someRowGroup(tree, random)
    const before = memberOf(group, ID.rowGroup.rows)
    if (!lie(group, [ID.rowGroup.rows], random, size)) return false
    fieldOf(tree, ID.file.rows).value += memberOf(group, ID.rowGroup.rows) - before
    return true
  }),
  'sizes of a row group that lie': inFooter((tree, random, size) => {
    const { bytes, offset, compressed } = ID.rowGroup
    return lie(someRowGroup(tree, random), [bytes, offset, compressed], random, size)
  }),
  'values of a chunk that lie': inFooter((tree, random, size) =>
    lie(someColumn(tree, random), [ID.column.values], random, size),
  ),
  'sizes of a chunk that lie': inFooter((tree, random, size) =>
    lie(someColumn(tree, random), COLUMN_SIZES, random, size),
  ),
  'offsets of a chunk that lie': inFooter((tree, random, size) =>
    lie(someColumn(tree, random), COLUMN_OFFSETS, random, size),
  ),
  'offsets of indexes and filters that lie': inFooter((tree, random, size) =>
    random.next() < 0.5
      ? lie(someColumn(tree, random), [ID.column.bloomFilter, 15], random, size)
      : lie(someChunk(tree, random), [2, 4, 5, 6, 7], random, size),
  ),
  'type or codec of a chunk that lies': inFooter((tree, random) => {
    const id = random.pick([ID.column.type, ID.column.codec])
    const field = fieldOf(someColumn(tree, random), id)
    if (field !== undefined) field.value = BigInt(random.below(10))
    return field !== undefined
  }),
  'statistics that lie': inFooter(lieInStatistics),
  'a schema element that lies': inFooter((tree, random, size) =>
    lie(someElement(tree, random), [1, 2, 3, 5, 6, 7, 8, 9], random, size),
  ),
  'a schema element of another kind': inFooter((tree, random) => {
    const field = random.pick(
      (someElement(tree, random)?.fields ?? []).filter(({ id }) => [1, 3, 6].includes(id)),
    )
    if (field !== undefined) field.value = BigInt(random.below(22))
    return field !== undefined
  }),
  'a logical type that lies': inFooter((tree, random) => {
    const logical = fieldOf(someElement(tree, random), 10)
    if (logical === undefined) return false
    const [member] = logical.value.fields
    if (member === undefined) return false
    member.id = 1 + random.below(18)
    return true
  }),
  'a schema of other elements': inFooter((tree, random) =>
    shuffleItems(memberOf(tree, ID.file.schema), random),
  ),
  'other row groups': inFooter((tree, random) =>
    shuffleItems(memberOf(tree, ID.file.rowGroups), random),
  ),
  'other columns in a row group': inFooter((tree, random) =>
    shuffleItems(memberOf(someRowGroup(tree, random), ID.rowGroup.columns), random),
  ),
  'another path of a column': inFooter((tree, random) => {
    const path = memberOf(someColumn(tree, random), ID.column.path)
    if (random.next() < 0.5 || !path?.items.length) return shuffleItems(path, random)
    path.items[0] = damagedText(path.items[0], random)
    return true
  }),
  'keys and values that lie': inFooter(lieInKeyValues),
  'other keys and values': inFooter((tree, random) =>
    shuffleItems(memberOf(tree, ID.file.keyValues), random),
  ),
  'some integers of the footer that lie': inFooter(lieAnywhere),
  'a page whose size lies': inPage((tree, random, size) =>
    lie(tree, [page.uncompressed, page.compressed], random, size),
  ),
  'a page whose values lie': inPage((tree, random, size) =>
    lie(bodyOf(tree), [1, 2, 3], random, size),
  ),
  'a page of another kind or encoding': inPage((tree, random) => {
    const field = fieldOf(tree, page.type)
    const inner = (bodyOf(tree)?.fields ?? []).filter(
      ({ id, type }) => id > 1 && isInteger({ type }),
    )
    const one = random.pick(inner.length > 0 && random.next() < 0.7 ? inner : [field])
    one.value = BigInt(random.below(10))
    return true
  }),
  'some integers of a page that lie': inPage(lieAnywhere),
}

module.exports = { LIES }
