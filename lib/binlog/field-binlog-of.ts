import { expectId, expectObject, expectOneOf, expectOptions } from '../config/index.js'
import type { ColumnGroupResult } from '../packed/index.js'
import type { Binlog, FieldBinlog } from './field-binlog.js'
import type { Id } from './log-path.js'

/** What the result of a writer does not say about a log. */
export interface BinlogFacts {
  /** Hybrid timestamps of the oldest and the newest row. */
  timestampFrom: Id
  timestampTo: Id
  /** 0 (default) as Milvus's StorageV2 writer has it: the path says it. */
  logId?: Id
  /** Key of the object where it is not the path that was written. */
  logPath?: string
  /** `'compressed'` (default): bytes of the object, as Milvus has it; or decoded bytes. */
  logSize?: 'compressed' | 'uncompressed'
}

const FACTS = ['timestampFrom', 'timestampTo', 'logId', 'logPath', 'logSize'] as const

/** The log that one column group of a packed writer became. */
export function binlogOf(group: ColumnGroupResult, facts: BinlogFacts): Binlog {
  expectOptions(facts, FACTS, 'the facts of a log')
  expectObject(group, 'group')
  const kind = expectOneOf(
    facts.logSize,
    'logSize',
    ['compressed', 'uncompressed'] as const,
    'compressed',
  )
  return {
    entriesNum: group.rows,
    timestampFrom: expectId(facts.timestampFrom, 'timestampFrom'),
    timestampTo: expectId(facts.timestampTo, 'timestampTo'),
    logPath: facts.logPath ?? group.path,
    logSize: kind === 'compressed' ? group.fileBytes : group.uncompressedBytes,
    logId: expectId(facts.logId ?? 0n, 'logId'),
    memorySize: group.uncompressedBytes,
    fieldNullCounts: new Map(
      group.fieldIds.map((id, index) => [id, group.nullCounts[group.fields[index]!] ?? 0]),
    ),
  }
}

/** The FieldBinlog of one log: a column group as a packed writer has just written it. */
export function fieldBinlogOf(group: ColumnGroupResult, facts: BinlogFacts): FieldBinlog {
  expectObject(group, 'group')
  return {
    fieldId: group.id,
    binlogs: [binlogOf(group, facts)],
    childFields: group.fieldIds,
    format: '',
  }
}
