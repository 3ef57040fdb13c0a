/** Text of rows, encoded once: `offsets` has one entry more than there are rows. */
export interface PrintedRows {
  bytes: Uint8Array
  offsets: Int32Array
}

/** What Go's JSON encoder escapes beside what JSON demands. */
const GO_ESCAPES = /[<>&\u2028\u2029]/g

function goString(text: string): string {
  return JSON.stringify(text).replace(
    GO_ESCAPES,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** The row of one delete, byte for byte as Milvus prints it. */
export function printDeleteRow(key: bigint | string, timestamp: bigint): string {
  return typeof key === 'string'
    ? `{"pk":${goString(key)},"ts":${timestamp},"pkType":21}`
    : `{"pk":${key},"ts":${timestamp},"pkType":5}`
}

/** Strings as the offsets and bytes of an Arrow column. */
export function encodeRows(rows: readonly string[]): PrintedRows {
  const offsets = new Int32Array(rows.length + 1)
  for (const [index, row] of rows.entries()) {
    offsets[index + 1] = offsets[index]! + Buffer.byteLength(row)
  }
  return { bytes: new TextEncoder().encode(rows.join('')), offsets }
}
