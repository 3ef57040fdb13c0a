import type { RecordBatch, Schema } from 'apache-arrow'

export declare const NUMBERED_SCHEMA: Schema
/** `rows` rows from row `first` of set `set`; each third text is null. */
export declare function numberedBatch(set: number, first: number, rows: number): RecordBatch
export declare function textOf(set: number, row: number): string | null
