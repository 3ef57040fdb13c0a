import { type RecordBatch, Table } from 'apache-arrow'
import { stringifyExact } from '../../config/index.js'
import { isPackedError, PackedError } from '../../errors/index.js'
import { plainValues } from './arrow-value.js'
import type { InputBatch } from './input.js'
import { type CollectionMapping, checkedRows } from './map-collection.js'
import type { BatchInput } from './open-source.js'
import type { Packet, PacketLimits } from './packet.js'
import { ROW_ERRORS } from './row-packets.js'
import type { BadRow } from './row-source.js'

/** So many values are converted before the event loop turns. */
const CONVERTED_ROWS = 1024

/** The rows of a typed file by the fields of a collection; whoever stores them checks them. */
export async function* batchPackets(
  input: BatchInput,
  mapping: CollectionMapping,
  path: string,
  limits: PacketLimits,
): AsyncGenerator<Packet> {
  const batchRows = mapping.convertsValues
    ? Math.min(limits.batchRows, CONVERTED_ROWS)
    : limits.batchRows
  for await (const batch of input.batches) {
    for (const part of partsOf(batch, { ...limits, batchRows })) {
      yield packetOf(part, mapping, path)
    }
  }
}

/** A batch in pieces that are not too large for a message. */
function* partsOf(input: InputBatch, limits: PacketLimits): Generator<InputBatch> {
  const { batch, sequence, bytes } = input
  const { numRows } = batch
  const rowBytes = Math.max(1, bytes / Math.max(1, numRows))
  const most = Math.max(1, Math.min(limits.batchRows, Math.floor(limits.batchBytes / rowBytes)))
  const first = Number(sequence) - numRows
  for (let row = 0; row < numRows; row += most) {
    const rows = Math.min(most, numRows - row)
    const isLast = row + rows === numRows
    yield {
      batch: rows === numRows ? batch : batch.slice(row, row + rows),
      sequence: BigInt(first + row + rows),
      bytes: Math.round(rows * rowBytes),
      release: isLast ? input.release : () => {},
    }
  }
}

function packetOf(part: InputBatch, mapping: CollectionMapping, path: string): Packet {
  const isolate = (): Packet => isolated(part, mapping, path)
  const { batch, sequence, bytes, release } = part
  try {
    const rows = mapping.toBatch(batch)
    return { rows, numRows: batch.numRows, bytes, sequence, bad: [], isolate, release }
  } catch (error) {
    if (!isOfRow(error)) throw error
    return isolate()
  }
}

function isOfRow(error: unknown): error is PackedError {
  return isPackedError(error) && ROW_ERRORS.includes(error.code)
}

/** The packet without the rows that do not fit: halved until each of them stands alone. */
function isolated(part: InputBatch, mapping: CollectionMapping, path: string): Packet {
  const { batch, sequence, bytes, release } = part
  const good: RecordBatch[] = []
  const bad: BadRow[] = []
  const first = Number(sequence) - batch.numRows
  const sift = (start: number, end: number): void => {
    const piece = batch.slice(start, end)
    try {
      checkedRows(mapping, piece)
      good.push(mapping.toBatch(piece))
    } catch (error) {
      if (!isOfRow(error)) throw error
      if (end - start === 1) {
        bad.push(badRow(piece, first + end, path, error))
        return
      }
      const middle = (start + end) >> 1
      sift(start, middle)
      sift(middle, end)
    }
  }
  sift(0, batch.numRows)
  return {
    rows: good.length === 0 ? undefined : new Table(good),
    numRows: good.reduce((rows, { numRows }) => rows + numRows, 0),
    bytes,
    sequence,
    bad,
    release,
  }
}

function badRow(row: RecordBatch, number: number, path: string, error: PackedError): BadRow {
  const message = `${error.message.replace(' in row 0', '')} in row ${number} of ${path}`
  const { code, field } = error
  return {
    line: number,
    size: 0,
    end: number,
    text: stringifyExact(plainValues(row.data)[0]),
    error: new PackedError(code, message, { path, field, cause: error }),
  }
}
