/** A struct of Thrift, see thrift.cjs. */
export interface ThriftStruct {
  fields: { id: number; type: number; value: unknown }[]
}

/** Field ids of the metadata of a column chunk, by name. */
export const ID: { chunk: Record<string, number>; column: Record<string, number> }
export function chunksOf(tree: ThriftStruct): ThriftStruct[]
export function footerOf(bytes: Buffer): { start: number; tree: ThriftStruct } | undefined
export function withFooter(bytes: Buffer, start: number, tree: ThriftStruct): Buffer
