/** Names of the geometry types by their number in WKB; 0 is none. */
export const GEOMETRY_NAMES: readonly string[] = [
  '',
  'POINT',
  'LINESTRING',
  'POLYGON',
  'MULTIPOINT',
  'MULTILINESTRING',
  'MULTIPOLYGON',
  'GEOMETRYCOLLECTION',
]
const POINT = 1
const COLLECTION = 7
const TOKEN = /\s*([A-Za-z]+|[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[(),])/y
/** Ordinates of a position, and what they add to the number of the type. */
const FORMS: ReadonlyMap<string, { ordinates: number; code: number }> = new Map([
  ['', { ordinates: 2, code: 0 }],
  ['Z', { ordinates: 3, code: 1000 }],
  ['M', { ordinates: 3, code: 2000 }],
  ['ZM', { ordinates: 4, code: 3000 }],
])

/**
 * Well-known binary (ISO, little endian) of well-known text.
 *
 * @throws RangeError for text that is no geometry.
 */
export function wkbOf(text: string): Uint8Array {
  const reader = new WktReader(text)
  reader.geometry()
  return reader.finish()
}

class WktReader {
  readonly #text: string
  readonly #parts: Buffer[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text.trim()
  }

  finish(): Uint8Array {
    if (this.#at < this.#text.length) throw this.#unexpected('the end')
    return Buffer.concat(this.#parts)
  }

  geometry(): void {
    const kind = GEOMETRY_NAMES.indexOf(this.#word())
    if (kind < POINT) throw this.#unexpected('a type of geometry')
    const word = this.#peek().toUpperCase()
    const form = FORMS.get(word)
    if (form !== undefined) this.#word()
    this.#body(kind, form ?? FORMS.get('')!)
  }

  #body(kind: number, form: { ordinates: number; code: number }): void {
    this.#header(kind + form.code)
    const position = () => {
      for (let i = 0; i < form.ordinates; i++) this.#ordinate()
    }
    const member = (memberKind: number) => () => {
      if (memberKind !== POINT || this.#peek() === '(') return this.#body(memberKind, form)
      this.#header(POINT + form.code)
      position()
    }
    if (kind === POINT) this.#point(form.ordinates, position)
    else if (kind === 2) this.#list(position)
    else if (kind === 3) this.#list(() => this.#list(position))
    else if (kind === COLLECTION) this.#list(() => this.geometry())
    else this.#list(member(kind - 3))
  }

  #point(ordinates: number, position: () => void): void {
    if (this.#peek().toUpperCase() === 'EMPTY') {
      this.#word()
      for (let i = 0; i < ordinates; i++) this.#number(Number.NaN)
      return
    }
    this.#expect('(')
    position()
    this.#expect(')')
  }

  #list(item: () => void): void {
    const count = Buffer.alloc(4)
    this.#parts.push(count)
    if (this.#peek().toUpperCase() === 'EMPTY') {
      this.#word()
      return
    }
    let items = 0
    do {
      this.#expect(items === 0 ? '(' : ',')
      item()
      items++
    } while (this.#peek() === ',')
    this.#expect(')')
    count.writeUInt32LE(items)
  }

  #header(code: number): void {
    const header = Buffer.from([1, 0, 0, 0, 0])
    header.writeUInt32LE(code, 1)
    this.#parts.push(header)
  }

  #ordinate(): void {
    const value = Number(this.#peek())
    if (this.#peek() === '' || Number.isNaN(value)) throw this.#unexpected('a number')
    this.#take()
    this.#number(value)
  }

  #number(value: number): void {
    const bytes = Buffer.alloc(8)
    bytes.writeDoubleLE(value)
    this.#parts.push(bytes)
  }

  #word(): string {
    return this.#take().toUpperCase()
  }

  #expect(token: string): void {
    if (this.#peek() !== token) throw this.#unexpected(`"${token}"`)
    this.#take()
  }

  /** The next token; empty at the end and before what is none. */
  #peek(): string {
    TOKEN.lastIndex = this.#at
    return TOKEN.exec(this.#text)?.[1] ?? ''
  }

  #take(): string {
    const token = this.#peek()
    this.#at = TOKEN.lastIndex
    return token
  }

  #unexpected(expected: string): RangeError {
    const rest = this.#text.slice(this.#at, this.#at + 20).trim()
    return new RangeError(`WKT with "${rest}" instead of ${expected}`)
  }
}
