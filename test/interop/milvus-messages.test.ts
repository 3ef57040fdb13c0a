/** Messages of collections and values: the same bytes as Milvus's own generated messages. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type JsonValue,
  type Message,
  ScalarType,
  toBinary,
  toJson,
} from '@bufbuild/protobuf'
import fc from 'fast-check'
import {
  collectionSchemaFromProto,
  collectionSchemaToJson,
  collectionSchemaToProto,
  createCollectionSchema,
  DataType,
  decodeScalarField,
  encodeScalarField,
  FieldState,
  FunctionType,
} from '../../lib/schema/index.js'
import * as messages from '../../lib/schema/proto/schema_pb.js'

const PYTHON_HOME = join(__dirname, '..', '..', 'build', 'python')
const SEED = Number(process.env.ARROW_PACKED_SEED ?? 20240229)

/** Fields of the newest Milvus that its published Python messages do not have yet. */
const NEWER = new Set([
  'ScalarField.valid_data',
  'VectorField.valid_data',
  'FieldSchema.element_nullable',
])

interface Case {
  message: string
  /** Hexadecimal. */
  bytes: string
  json?: JsonValue
}

interface Answer {
  again: string
  json: JsonValue
  made?: string
}

function ask<T>(request: unknown): T {
  const { status, stdout, stderr } = spawnSync('python3', [join(__dirname, 'milvus_messages.py')], {
    input: JSON.stringify(request),
    env: { ...process.env, PYTHONPATH: PYTHON_HOME, PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  if (status !== 0) throw new Error(`Expected an answer of python3 but received ${stderr}`)
  return JSON.parse(stdout)
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

// --- Random messages, from their descriptors

const text = fc.string({ unit: 'grapheme', maxLength: 12 })
const bytes = fc.uint8Array({ maxLength: 12 })
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const SCALARS: Partial<Record<ScalarType, fc.Arbitrary<unknown>>> = {
  [ScalarType.BOOL]: fc.boolean(),
  [ScalarType.INT32]: fc.integer(),
  [ScalarType.INT64]: int64,
  [ScalarType.FLOAT]: fc.float(),
  [ScalarType.DOUBLE]: fc.double(),
  [ScalarType.STRING]: text,
  [ScalarType.BYTES]: bytes,
}

/** A message with random members; messages below `depth` levels stay empty. */
function arbitraryMessage(desc: DescMessage, depth: number): fc.Arbitrary<Message> {
  const singles = desc.members.map((member) => {
    if (member.kind === 'field') {
      const value = fc.option(arbitraryField(member, depth), { nil: undefined })
      return value.map((one) => (one === undefined ? {} : { [member.localName]: one }))
    }
    const cases = member.fields
      .filter((field) => field.message === undefined || depth > 0)
      .map((field) =>
        arbitraryField(field, depth).map((value) => ({
          [member.localName]: { case: field.localName, value },
        })),
      )
    return fc.oneof(fc.constant({}), ...cases)
  })
  return fc
    .tuple(...singles)
    .map((members) => create(desc, Object.assign({}, ...members) as Record<string, unknown>))
}

function arbitraryField(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (NEWER.has(`${field.parent.name}.${field.name}`)) return fc.constant(undefined)
  const one = arbitraryValue(field, depth)
  return field.fieldKind === 'list' ? fc.array(one, { maxLength: depth > 0 ? 4 : 0 }) : one
}

function arbitraryValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.message !== undefined) {
    return depth > 0 ? arbitraryMessage(field.message, depth - 1) : fc.constant(undefined)
  }
  if (field.enum !== undefined) {
    const known = field.enum.values.filter(({ name }) => name !== 'UUID')
    return fc.constantFrom(...known.map(({ number }) => number))
  }
  return SCALARS[field.scalar as ScalarType]!
}

const present = existsSync(join(PYTHON_HOME, 'pymilvus'))
if (!present && process.env.CI !== 'true') {
  process.stderr.write("NOT RUN (no pymilvus in build/python): Milvus's own messages\n")
}

;(present || process.env.CI === 'true' ? describe : describe.skip)("Milvus's own messages", () => {
  test('have the same numbers', () => {
    const theirs = ask<{
      messages: Record<string, Record<string, number>>
      enums: Record<string, Record<string, number>>
    }>([])
    for (const desc of messages.file_schema.messages) {
      const ours = desc.fields
        .filter(({ name }) => !NEWER.has(`${desc.name}.${name}`))
        .map(({ name, number }) => [name, number])
      expect([desc.name, theirs.messages[desc.name]]).toEqual([desc.name, Object.fromEntries(ours)])
    }
    const { UUID, ...types } = DataType
    expect(theirs.enums.DataType).toEqual(types)
    expect(theirs.enums.FunctionType).toEqual(FunctionType)
    expect(Object.values(theirs.enums.FieldState!)).toEqual(Object.values(FieldState))
  })

  test.each<DescMessage>([
    messages.CollectionSchemaSchema,
    messages.FieldSchemaSchema,
    messages.ScalarFieldSchema,
    messages.VectorFieldSchema,
    messages.FieldDataSchema,
  ])('$name: random ones are the same bytes both ways', (desc) => {
    const sample = fc.sample(arbitraryMessage(desc, 4), { numRuns: 300, seed: SEED })
    const cases: Case[] = sample.map((message) => ({
      message: desc.name,
      bytes: hex(toBinary(desc, message)),
      json: toJson(desc, message, { useProtoFieldName: true }),
    }))
    const answers = ask<Answer[]>(cases)
    expect(answers).toHaveLength(300)
    expect(new Set(answers.map(({ again }) => again)).size).toBeGreaterThan(100)
    answers.forEach(({ again, made }, index) => {
      const { bytes: ours } = cases[index]!
      expect({ again, made }).toEqual({ again: ours, made: ours })
      expect(hex(toBinary(desc, fromBinary(desc, unhex(again))))).toBe(ours)
    })
  })

  test('take our elements of Array values, and we theirs', () => {
    const arrays: [keyof typeof DataType, string, fc.Arbitrary<unknown[]>][] = [
      ['Bool', 'bool_data', fc.array(fc.boolean())],
      ['Int8', 'int_data', fc.array(fc.integer({ min: -128, max: 127 }))],
      ['Int32', 'int_data', fc.array(fc.integer())],
      ['Int64', 'long_data', fc.array(int64)],
      ['Timestamptz', 'timestamptz_data', fc.array(int64)],
      ['Float', 'float_data', fc.array(fc.float({ noDefaultInfinity: true, noNaN: true }))],
      ['Double', 'double_data', fc.array(fc.double({ noDefaultInfinity: true, noNaN: true }))],
      ['VarChar', 'string_data', fc.array(text)],
    ]
    const values = arrays.flatMap(([type, member, arbitrary]) =>
      fc.sample(arbitrary, { numRuns: 50, seed: SEED }).map((data) => ({ type, member, data })),
    )
    const answers = ask<Answer[]>(
      values.map(({ type, member, data }): Case => {
        const elements = data as (boolean | number | bigint | string)[]
        const printed = elements.map((one) => (typeof one === 'bigint' ? String(one) : one))
        return {
          message: 'ScalarField',
          bytes: hex(encodeScalarField(DataType[type], elements)),
          json: { [member]: { data: printed } },
        }
      }),
    )
    answers.forEach(({ again, made }, index) => {
      const { type, data } = values[index]!
      expect(made).toBe(again)
      expect(decodeScalarField(unhex(made!), DataType[type])).toEqual(data)
    })
  })

  test('take a whole collection, as bytes and as JSON', () => {
    const schema = createCollectionSchema({
      name: 'c',
      enableDynamicField: true,
      fields: [
        { name: 'id', dataType: 'VarChar', maxLength: 64, isPrimaryKey: true },
        { name: 'n', dataType: 'Int64', defaultValue: 2n ** 62n, nullable: true },
        { name: 'f', dataType: 'Float', defaultValue: 0.1 },
        { name: 'j', dataType: 'JSON', defaultValue: '{}' },
        { name: 'a', dataType: 'Array', elementType: 'Double', maxCapacity: 4 },
        { name: 'v', dataType: 'BFloat16Vector', dim: 8 },
        { name: 's', dataType: 'SparseFloatVector', isFunctionOutput: true },
      ],
      structArrayFields: [
        { name: 'st', fields: [{ name: 'x', dataType: 'Array', elementType: 'Int8' }] },
      ],
      functions: [{ name: 'f', type: 'BM25', inputFieldNames: ['id'], outputFieldNames: ['s'] }],
    })
    const ours = hex(collectionSchemaToProto(schema))
    const [answer] = ask<Answer[]>([
      { message: 'CollectionSchema', bytes: ours, json: collectionSchemaToJson(schema) },
    ])
    expect(answer).toMatchObject({ again: ours, made: ours })
    expect(answer?.json).toMatchObject({
      fields: [
        { fieldID: '100', data_type: 'VarChar', type_params: [{ key: 'max_length', value: '64' }] },
        { default_value: { long_data: '4611686018427387904' } },
        {},
        { default_value: { bytes_data: 'e30=' } },
        { element_type: 'Double' },
        { type_params: [{ key: 'dim', value: '8' }] },
        { is_function_output: true },
      ],
      struct_array_fields: [{ fieldID: '107', fields: [{ fieldID: '108' }] }],
      functions: [{ type: 'BM25', input_field_ids: ['100'], output_field_ids: ['106'] }],
    })
    expect(collectionSchemaFromProto(unhex(answer!.made!))).toEqual(schema)
  })
})
