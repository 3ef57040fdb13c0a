/**
 * DuckDB as a second native library of this process, by its ADBC driver: queries come out as an
 * ArrowArrayStream, and one goes in as a table. JavaScript sees addresses.
 */
import { dirname, join } from 'node:path'
import koffi from 'koffi'

/** Positions in the table of functions of ADBC 1.0. */
const FUNCTIONS = {
  databaseInit: 3,
  databaseNew: 4,
  databaseRelease: 6,
  connectionInit: 12,
  connectionNew: 13,
  connectionRelease: 16,
  bindStream: 19,
  executeQuery: 20,
  statementNew: 23,
  statementRelease: 25,
  setOption: 26,
  setSqlQuery: 27,
} as const

const ADBC_1_0 = 1_000_000
const POINTER = 8
const HANDLE_BYTES = 16
const ERROR_BYTES = 64
const STREAM_BYTES = 40

type Pointer = ReturnType<typeof koffi.alloc>

/** The library, or undefined where npm has none for this machine. */
function libraryPath(): string | undefined {
  const platform = `${process.platform}-${process.arch}`
  try {
    const found = require.resolve(`@duckdb/node-bindings-${platform}/duckdb.node`)
    return join(dirname(found), 'libduckdb.so')
  } catch {
    return undefined
  }
}

export const duckdbPath = libraryPath()

/** A database in memory. */
export class DuckDb {
  readonly #driver = koffi.alloc('void *', 64)
  readonly #error = koffi.alloc('char', ERROR_BYTES)
  readonly #database = koffi.alloc('char', HANDLE_BYTES)
  readonly #connection = koffi.alloc('char', HANDLE_BYTES)

  constructor() {
    const init = koffi
      .load(duckdbPath!)
      .func('duckdb_adbc_init', 'int', ['int', 'void *', 'void *'])
    this.#expect(init(ADBC_1_0, this.#driver, this.#error))
    this.#call('databaseNew', this.#database)
    this.#call('databaseInit', this.#database)
    this.#call('connectionNew', this.#connection)
    this.#call('connectionInit', this.#connection, this.#database)
  }

  /** Address of a stream of the result, which whoever imports it takes over. */
  query(sql: string): bigint {
    const statement = this.#statement(sql)
    const stream = koffi.alloc('char', STREAM_BYTES)
    this.#call('executeQuery', statement, stream, null)
    this.#call('statementRelease', statement)
    return BigInt(koffi.address(stream))
  }

  /** Make a table of a stream, whose contents are taken over, off the JavaScript thread. */
  async ingest(table: string, stream: bigint): Promise<void> {
    const statement = this.#statement()
    this.#text('setOption', statement, 'adbc.ingest.target_table', table)
    this.#call('bindStream', statement, stream)
    try {
      const execute = this.#function('executeQuery', 3)
      await new Promise<void>((resolve, reject) => {
        execute.async(statement, null, null, this.#error, (failure: unknown, code: number) => {
          try {
            if (failure) throw failure
            this.#expect(code)
            resolve()
          } catch (error) {
            reject(error)
          }
        })
      })
    } finally {
      this.#call('statementRelease', statement)
    }
  }

  close(): void {
    this.#call('connectionRelease', this.#connection)
    this.#call('databaseRelease', this.#database)
  }

  #statement(sql?: string): Pointer {
    const statement = koffi.alloc('char', HANDLE_BYTES)
    this.#call('statementNew', this.#connection, statement)
    if (sql !== undefined) this.#text('setSqlQuery', statement, sql)
    return statement
  }

  #call(name: keyof typeof FUNCTIONS, ...args: unknown[]): void {
    this.#expect(this.#function(name, args.length)(...args, this.#error))
  }

  #text(name: keyof typeof FUNCTIONS, statement: Pointer, ...texts: string[]): void {
    const call = this.#function(name, 1, texts.length)
    this.#expect(call(statement, ...texts, this.#error))
  }

  #function(name: keyof typeof FUNCTIONS, pointers: number, texts = 0) {
    const address = koffi.decode(this.#driver, FUNCTIONS[name] * POINTER, 'void *')
    const types = [
      ...Array(pointers).fill('void *'),
      ...Array(texts).fill('const char *'),
      'void *',
    ]
    return koffi.decode(address, koffi.proto(`int (${types.join(', ')})`))
  }

  #expect(code: number): void {
    if (code === 0) return
    const message = koffi.decode(this.#error, 'const char *') as string | null
    throw new Error(`DuckDB: ${message ?? code}`)
  }
}
