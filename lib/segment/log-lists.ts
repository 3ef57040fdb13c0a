import type { Binlog, FieldBinlog } from '../binlog/index.js'

/** FieldBinlogs that grow by a log at a time, in the order of their ids. */
export class LogLists {
  readonly #lists = new Map<
    bigint,
    { fieldId: bigint; childFields: readonly bigint[]; binlogs: Binlog[] }
  >()

  add(fieldId: bigint, binlog: Binlog, childFields: readonly bigint[] = []): void {
    const list = this.#lists.get(fieldId)
    if (list === undefined) this.#lists.set(fieldId, { fieldId, childFields, binlogs: [binlog] })
    else list.binlogs.push(binlog)
  }

  addLists(lists: readonly FieldBinlog[]): void {
    for (const { fieldId, binlogs, childFields } of lists) {
      for (const binlog of binlogs) this.add(fieldId, binlog, childFields)
    }
  }

  get isEmpty(): boolean {
    return this.#lists.size === 0
  }

  toFieldBinlogs(): FieldBinlog[] {
    return [...this.#lists.values()]
      .sort((left, right) => (left.fieldId < right.fieldId ? -1 : 1))
      .map((list) => ({ ...list, binlogs: [...list.binlogs], format: '' }))
  }

  /** Keys of all objects. */
  paths(): string[] {
    return [...this.#lists.values()].flatMap(({ binlogs }) => binlogs.map(({ logPath }) => logPath))
  }
}
