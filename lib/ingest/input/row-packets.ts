import { setImmediate } from 'node:timers/promises'
import { InsertData } from '../../data/index.js'
import { isPackedError, PackedError, type PackedErrorCode } from '../../errors/index.js'
import type { RowMapping } from './map-rows.js'
import type { Packet, PacketLimits } from './packet.js'
import type { RowInput } from './row-input.js'
import { type BadRow, isBad, type Row } from './row-source.js'

/** Work of the JS thread between two turns of the event loop. */
const TURN_MS = 5
/** The clock is looked at so often. */
const TURN_ROWS = 16

/** What makes a row bad; any other error is one of the run. */
export const ROW_ERRORS: readonly PackedErrorCode[] = [
  'InvalidData',
  'TypeMismatch',
  'InvalidSchema',
]

/** The rows of a text file, each checked, by the fields of a collection. */
export async function* rowPackets(
  input: RowInput,
  mapping: RowMapping,
  { batchRows, batchBytes }: PacketLimits,
): AsyncGenerator<Packet> {
  let open = new OpenPacket(input, mapping)
  let since = performance.now()
  let rows = 0
  for await (const row of input.rows()) {
    open.add(row)
    if (open.count >= batchRows || open.bytes >= batchBytes) {
      yield open.finish()
      open = new OpenPacket(input, mapping)
      since = performance.now()
    } else if (++rows % TURN_ROWS === 0 && performance.now() - since > TURN_MS) {
      await setImmediate()
      since = performance.now()
    }
  }
  if (open.count > 0) yield open.finish()
}

class OpenPacket {
  readonly #input: RowInput
  readonly #mapping: RowMapping
  readonly #rows: InsertData
  readonly #bad: BadRow[] = []
  #end = 0
  /** Bytes of text. */
  bytes = 0
  /** Rows, bad ones included. */
  count = 0

  constructor(input: RowInput, mapping: RowMapping) {
    this.#input = input
    this.#mapping = mapping
    this.#rows = new InsertData(mapping.schema)
  }

  add(row: Row | BadRow): void {
    this.count++
    this.bytes += row.size
    this.#end = row.end
    if (isBad(row)) this.#bad.push(row)
    else this.#append(row)
  }

  finish(): Packet {
    const { rowCount: numRows } = this.#rows
    return {
      rows: numRows === 0 ? undefined : this.#rows,
      numRows,
      bytes: this.bytes,
      sequence: BigInt(this.#end),
      bad: this.#bad,
      release: () => {},
    }
  }

  #append(row: Row): void {
    try {
      this.#rows.appendRow(this.#mapping.toRow(row.record))
    } catch (error) {
      if (!isPackedError(error) || !ROW_ERRORS.includes(error.code)) throw error
      const { line, size, end } = row
      const { source } = this.#input
      const message = `${this.#withoutRow(error.message)} in ${source.where(row)}`
      const { field } = error
      const located = new PackedError(error.code, message, {
        path: source.path,
        field,
        cause: error,
      })
      this.#bad.push({ line, size, end, text: source.textOf(row), error: located })
    }
  }

  /** Which row of the packet it is tells nobody anything. */
  #withoutRow(message: string): string {
    return message.replace(` in row ${this.#rows.rowCount}`, '')
  }
}
