/** The parts of a Parquet file: its footer and page headers as trees, and the file with one changed. */
const { decodeStruct, encodeStruct, fieldOf, itemsOf, memberOf } = require('./thrift.cjs')

const TAIL_BYTES = 8

/** Fields of Parquet's Thrift structs. */
const ID = {
  file: { schema: 2, rows: 3, rowGroups: 4, keyValues: 5 },
  rowGroup: { columns: 1, bytes: 2, rows: 3, offset: 5, compressed: 6 },
  chunk: { path: 1, offset: 2, metadata: 3, offsetIndex: 4, columnIndex: 6 },
  column: {
    type: 1,
    encodings: 2,
    path: 3,
    codec: 4,
    values: 5,
    uncompressed: 6,
    compressed: 7,
    dataPage: 9,
    indexPage: 10,
    dictionaryPage: 11,
    statistics: 12,
    bloomFilter: 14,
  },
  page: { type: 1, uncompressed: 2, compressed: 3, data: 5, dictionary: 7, dataV2: 8 },
}

/** Where the footer of a file begins that ends in its length; NaN where that cannot be. */
function footerStart(bytes) {
  if (bytes.length < 2 * TAIL_BYTES) return Number.NaN
  const start = bytes.length - TAIL_BYTES - bytes.readUInt32LE(bytes.length - TAIL_BYTES)
  return start >= 4 ? start : Number.NaN
}

/** The footer of a whole file; undefined where it is encrypted or no footer at all. */
function footerOf(bytes) {
  const start = footerStart(bytes)
  if (Number.isNaN(start) || bytes.toString('latin1', bytes.length - 4) !== 'PAR1') return undefined
  try {
    return { start, tree: decodeStruct(bytes.subarray(0, bytes.length - TAIL_BYTES), start).tree }
  } catch {
    return undefined
  }
}

/** The file with another footer; a signature that the old one had goes. */
function withFooter(bytes, start, tree) {
  const footer = encodeStruct(tree)
  const tail = Buffer.alloc(TAIL_BYTES)
  tail.writeUInt32LE(footer.length, 0)
  tail.write('PAR1', 4, 'latin1')
  return Buffer.concat([bytes.subarray(0, start), footer, tail])
}

/** Column chunks of all row groups, in order. */
function chunksOf(tree) {
  return itemsOf(tree, ID.file.rowGroups).flatMap((group) => itemsOf(group, ID.rowGroup.columns))
}

/** Where the pages of a chunk are; undefined where its metadata is encrypted. */
function extentOf(chunk) {
  const metadata = memberOf(chunk, ID.chunk.metadata)
  const bytes = memberOf(metadata, ID.column.compressed)
  const data = memberOf(metadata, ID.column.dataPage)
  if (data === undefined || bytes === undefined) return undefined
  const dictionary = memberOf(metadata, ID.column.dictionaryPage) ?? 0n
  const start = Number(dictionary > 0n && dictionary < data ? dictionary : data)
  return { start, end: start + Number(bytes), metadata }
}

/** Headers of the pages of one chunk, those before something that is no header. */
function pagesOf(bytes, chunk) {
  const extent = extentOf(chunk)
  const pages = []
  if (extent === undefined) return pages
  for (let at = extent.start; at < extent.end; ) {
    let page
    try {
      page = decodeStruct(bytes, at)
    } catch {
      return pages
    }
    const length = memberOf(page.tree, ID.page.compressed)
    if (length === undefined || length < 0n) return pages
    pages.push({ at, headerEnd: page.end, tree: page.tree, chunk })
    at = page.end + Number(length)
  }
  return pages
}

/** Move what a footer says of everything behind `at` by `by` bytes. */
function shiftOffsets(tree, at, by) {
  const move = (struct, id) => {
    const field = fieldOf(struct, id)
    if (field !== undefined && field.value > BigInt(at)) field.value += BigInt(by)
  }
  for (const group of itemsOf(tree, ID.file.rowGroups)) {
    move(group, ID.rowGroup.offset)
    for (const chunk of itemsOf(group, ID.rowGroup.columns)) {
      for (const id of [ID.chunk.offset, ID.chunk.offsetIndex, ID.chunk.columnIndex])
        move(chunk, id)
      const metadata = memberOf(chunk, ID.chunk.metadata)
      const { dataPage, indexPage, dictionaryPage, bloomFilter } = ID.column
      for (const id of [dataPage, indexPage, dictionaryPage, bloomFilter]) move(metadata, id)
    }
  }
}

/** The file with another header of one page, and offsets and sizes that fit its length. */
function withPageHeader(bytes, footer, page) {
  const header = encodeStruct(page.tree)
  const by = header.length - (page.headerEnd - page.at)
  const compressed = fieldOf(memberOf(page.chunk, ID.chunk.metadata), ID.column.compressed)
  compressed.value += BigInt(by)
  shiftOffsets(footer.tree, page.at, by)
  const body = Buffer.concat([
    bytes.subarray(0, page.at),
    header,
    bytes.subarray(page.headerEnd, footer.start),
  ])
  return withFooter(body, body.length, footer.tree)
}

module.exports = { ID, chunksOf, footerOf, footerStart, pagesOf, withFooter, withPageHeader }
