import { GEOMETRY_NAMES } from './import-geometry.js'

/** Flags that EWKB sets on the type. */
const HAS_Z = 0x80000000
const HAS_M = 0x40000000
const HAS_SRID = 0x20000000
/** Collections inside collections; deeper ones are damage. */
const MOST_DEPTH = 32

/**
 * Well-known text of well-known binary, ISO or extended, in either byte order; a reference system
 * is left out.
 *
 * @throws RangeError for bytes that are no geometry.
 */
export function wktOf(bytes: Uint8Array): string {
  const reader = new WkbReader(bytes)
  const text = reader.geometry(0, true)
  if (!reader.atEnd) throw new RangeError('bytes after the geometry')
  return text
}

class WkbReader {
  readonly #view: DataView
  #at = 0
  #littleEndian = true

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get atEnd(): boolean {
    return this.#at === this.#view.byteLength
  }

  geometry(depth: number, named: boolean): string {
    if (depth > MOST_DEPTH) throw new RangeError('geometries that are nested too deep')
    this.#littleEndian = this.#view.getUint8(this.#at++) === 1
    const code = this.#count()
    if ((code & HAS_SRID) !== 0) this.#at += 4
    const base = code & 0xffff
    const kind = base % 1000
    const form = Math.floor(base / 1000)
    const z = (code & HAS_Z) !== 0 || form === 1 || form === 3
    const m = (code & HAS_M) !== 0 || form === 2 || form === 3
    const name = GEOMETRY_NAMES[kind]
    if (!name || form > 3) throw new RangeError(`geometry type ${code}`)
    const suffix = z || m ? ` ${z ? 'Z' : ''}${m ? 'M' : ''}` : ''
    const body = this.#body(kind, 2 + Number(z) + Number(m), depth)
    return named ? `${name}${suffix} ${body}` : body
  }

  #body(kind: number, dimensions: number, depth: number): string {
    const point = () => Array.from({ length: dimensions }, () => this.#ordinate()).join(' ')
    if (kind === 1) {
      const text = point()
      return /^(NaN ?)+$/.test(text) ? 'EMPTY' : `(${text})`
    }
    if (kind === 2) return this.#list(point)
    if (kind === 3) return this.#list(() => this.#list(point))
    return this.#list(() => this.geometry(depth + 1, kind === 7))
  }

  #list(item: () => string): string {
    const count = this.#count()
    if (count === 0) return 'EMPTY'
    const items: string[] = []
    for (let i = 0; i < count; i++) items.push(item())
    return `(${items.join(', ')})`
  }

  #count(): number {
    const value = this.#view.getUint32(this.#at, this.#littleEndian)
    this.#at += 4
    return value
  }

  #ordinate(): string {
    const value = this.#view.getFloat64(this.#at, this.#littleEndian)
    this.#at += 8
    return String(value)
  }
}
