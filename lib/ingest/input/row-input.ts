import { PackedError } from '../../errors/index.js'
import type { ColumnType } from './column-type.js'
import { type Shape, typeOfShapes } from './infer-type.js'
import { type BadRow, isBad, type Row, type RowSource } from './row-source.js'

const SAMPLE_ROWS = 1000
const SAMPLE_BYTES = 16 << 20

/** Options of {@link RowInput.inferTypes}. */
export interface InferTypesOptions {
  /** Types of columns that are not inferred. */
  given?: ReadonlyMap<string, ColumnType>
  /** What a column of mixed or nested values becomes; the format's choice by default. */
  mixed?: ColumnType | undefined
}

/** A text file whose first rows can be looked at before it is read. */
export class RowInput {
  readonly kind = 'rows'
  readonly source: RowSource
  readonly #rest: AsyncIterator<Row | BadRow>
  readonly #close: () => Promise<void>
  #sample: (Row | BadRow)[] | undefined

  constructor(source: RowSource, close: () => Promise<void>) {
    this.source = source
    this.#rest = source.rows[Symbol.asyncIterator]()
    this.#close = close
  }

  /** Rows in the order of the file, those that were looked at included. Only once. */
  async *rows(): AsyncGenerator<Row | BadRow> {
    yield* this.#sample ?? []
    this.#sample = undefined
    for (let next = await this.#rest.next(); !next.done; next = await this.#rest.next()) {
      yield next.value
    }
  }

  /**
   * Columns of the first rows, with types that hold what was seen there.
   *
   * @throws PackedError InvalidData for a column that no one type holds.
   */
  async inferTypes(options: InferTypesOptions = {}): Promise<Map<string, ColumnType>> {
    const { given = new Map(), mixed = this.source.mixed } = options
    const sample = (await this.#look()).filter((row): row is Row => !isBad(row))
    const types = new Map<string, ColumnType>()
    for (const [name, seen] of this.#shapesOf(sample, given)) {
      const type = given.get(name) ?? typeOfShapes(seen) ?? mixed
      if (type === undefined) throw mixedColumn(this.source.path, name, seen)
      types.set(name, type)
    }
    for (const [name, type] of given) types.set(name, type)
    return withNullsSeen(types, sample, given)
  }

  /** Let go of the file. Idempotent. */
  async close(): Promise<void> {
    // A source that waits for its file cannot end before that does.
    await this.#close()
    await this.#rest.return?.()
  }

  async #look(): Promise<readonly (Row | BadRow)[]> {
    if (this.#sample !== undefined) return this.#sample
    this.#sample = []
    let bytes = 0
    while (this.#sample.length < SAMPLE_ROWS && bytes < SAMPLE_BYTES) {
      const next = await this.#rest.next()
      if (next.done) break
      bytes += next.value.size
      this.#sample.push(next.value)
    }
    return this.#sample
  }

  #shapesOf(
    sample: readonly Row[],
    given: ReadonlyMap<string, ColumnType>,
  ): Map<string, Set<Shape>> {
    const shapes = new Map<string, Set<Shape>>(this.source.names.map((name) => [name, new Set()]))
    for (const { record } of sample) {
      for (const name of Object.keys(record)) {
        let seen = shapes.get(name)
        if (seen === undefined) {
          seen = new Set()
          shapes.set(name, seen)
        }
        const shape = given.has(name) ? undefined : this.source.shapeOf(record[name])
        if (shape !== undefined) seen.add(shape)
      }
    }
    return shapes
  }
}

function mixedColumn(path: string, name: string, seen: ReadonlySet<Shape>): PackedError {
  return new PackedError(
    'InvalidData',
    `Expected values of one scalar or vector type for column "${name}" of ${path} but ` +
      `received ${[...seen].join(' and ')}; the type json keeps them as text`,
    { path, field: name },
  )
}

/** Inferred vectors may be null where a null was seen. */
function withNullsSeen(
  types: Map<string, ColumnType>,
  sample: readonly Row[],
  given: ReadonlyMap<string, ColumnType>,
): Map<string, ColumnType> {
  for (const [name, type] of types) {
    if (type.nullable || given.has(name)) continue
    const nullable = sample.some(({ record }) => (record[name] ?? null) === null)
    types.set(name, { ...type, nullable })
  }
  return types
}
