/** Schemas on their way through the bridge: names, metadata and types of every kind. */
import {
  type DataType,
  Dictionary,
  Field,
  Int8,
  Int32,
  List,
  Map_,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow'
import { exportStream, flattenSchema, importStream, unflattenSchema } from '../lib/cdata/index.js'
import { callSync } from '../lib/native/index.js'
import { oneColumn, roundTrip } from './support/bridge.js'
import { rejection } from './support/rejection.js'
import { matrixColumn } from './support/type-matrix.js'

/** What JSON, or a reader of C strings, may take for something else. */
const STRINGS = [
  '',
  ' ',
  '"',
  '\\',
  '\\"\\u0041',
  '",\\"format":"n"}]',
  '\n\r\t\b\f',
  '\u0001\u001f\u007f\u0080\u00ff',
  '\u2028\u2029\ufeff\uffff',
  'имя',
  '列🙂',
  '__proto__',
  'constructor',
  'null',
]

/** Of a stream without batches. */
function received(schema: Schema): Schema {
  const lent = exportStream({ schema, batches: [] })
  const stream = importStream(lent.address)
  stream.close()
  lent.release()
  return stream.schema
}

describe('strings', () => {
  test('names stay as they are, at every depth', () => {
    const inner = STRINGS.map((name) => new Field(name, new Int8(), true))
    const fields = STRINGS.map((name, i) => new Field(name, new Struct(inner), i % 2 === 0))
    const schema = received(new Schema(fields))
    expect(schema.fields.map(({ name }) => name)).toEqual(STRINGS)
    expect(schema.fields.map(({ nullable }) => nullable)).toEqual(
      STRINGS.map((_, i) => i % 2 === 0),
    )
    for (const { type } of schema.fields) {
      expect((type as Struct).children.map(({ name }) => name)).toEqual(STRINGS)
    }
  })

  test.each(['', 'ARROW:extension:'])('metadata with keys of %j and any text', (prefix) => {
    const metadata = new Map<string, string>()
    for (const [i, text] of [...STRINGS, '\0', 'a\0b'].entries()) {
      metadata.set(`${prefix}${text}`, text)
      metadata.set(`${prefix}${i}`, `${text}\0${text}`)
    }
    const child = new Field('child', new Int8(), false, metadata)
    const field = new Field('field', new List(child), false, metadata)
    const list = received(new Schema([field])).fields[0] as Field<List>
    for (const bearer of [list, list.type.children[0] as Field]) {
      expect([...bearer.metadata]).toEqual([...metadata])
    }
  })

  test('long metadata of a schema', () => {
    const metadata = new Map(STRINGS.map((text) => [text, `"é\n${text}`.repeat(30_000)]))
    expect(received(new Schema([], metadata)).metadata).toEqual(metadata)
  })
})

describe('types', () => {
  test('nested deep, each level with a name and metadata of its own', () => {
    const entries = new Struct([
      new Field('key', new Utf8(), false),
      new Field('value', new Dictionary(new Utf8(), new Int8(), null, true), true),
    ])
    let type: DataType = new Map_(new Field('entries', entries, false) as never, true)
    for (let level = 0; level < 40; level++) {
      const child = new Field(`"${level}"`, type, level % 3 === 0, new Map([['level', `${level}`]]))
      type = level % 2 === 0 ? new List(child) : new Struct([child, new Field('n', new Int32())])
    }
    const schema = new Schema([new Field('top', type, true)])
    expect(flattenSchema(received(schema))).toEqual(flattenSchema(schema))
  })

  test('a schema is its own, also of the same batch', () => {
    const batch = oneColumn(matrixColumn(new Int32(), 3, 'no nulls'))
    const first = roundTrip(batch).schema
    first.metadata.set('mine', 'changed')
    first.fields[0]!.metadata.set('mine', 'changed')
    const second = roundTrip(batch).schema
    expect([...second.metadata, ...second.fields[0]!.metadata]).toEqual([])
  })

  test('a format that nobody knows', async () => {
    const native = flattenSchema(oneColumn(matrixColumn(new Int32(), 1, 'no nulls')).schema)
    const fields = native.fields.map((field) => ({ ...field, format: '?' }))
    const error = await rejection(() =>
      callSync((addon) => addon.importSchema({ ...native, fields })),
    )
    expect(error.code).toBe('InvalidSchema')
    const text = JSON.stringify({ fields: [{ name: 'column', format: '?' }] })
    expect(await rejection(() => unflattenSchema(text))).toMatchObject({
      code: 'UnsupportedType',
      field: 'column',
    })
  })
})
