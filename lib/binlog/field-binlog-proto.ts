import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { expectObject } from '../config/index.js'
import { PackedError } from '../errors/index.js'
import type { Binlog, FieldBinlog } from './field-binlog.js'
import {
  type Binlog as BinlogMessage,
  BinlogSchema,
  type FieldBinlog as FieldBinlogMessage,
  FieldBinlogSchema,
} from './proto/data_coord_pb.js'

/** Bytes of a `milvus.proto.data.FieldBinlog`. @throws PackedError InvalidArgument. */
export function fieldBinlogToProto(fieldBinlog: FieldBinlog): Uint8Array {
  expectObject(fieldBinlog, 'fieldBinlog')
  return toBinary(FieldBinlogSchema, fieldBinlogToMessage(fieldBinlog))
}

/**
 * A FieldBinlog from the bytes of its message; fields it does not know are ignored.
 *
 * @throws PackedError MetadataCorrupted: no such message, or a count beyond 2^53.
 */
export function fieldBinlogFromProto(bytes: Uint8Array): FieldBinlog {
  try {
    return fieldBinlogFromMessage(fromBinary(FieldBinlogSchema, bytes))
  } catch (cause) {
    if (cause instanceof PackedError) throw cause
    throw new PackedError(
      'MetadataCorrupted',
      `Expected a protobuf message for FieldBinlog but received ${(cause as Error).message}`,
      { cause },
    )
  }
}

/** The generated message of a FieldBinlog, to be part of another message. */
export function fieldBinlogToMessage(fieldBinlog: FieldBinlog): FieldBinlogMessage {
  return create(FieldBinlogSchema, {
    fieldID: fieldBinlog.fieldId,
    binlogs: fieldBinlog.binlogs.map(binlogToMessage),
    childFields: [...fieldBinlog.childFields],
    format: fieldBinlog.format,
  })
}

/** A FieldBinlog from its generated message. @throws PackedError MetadataCorrupted. */
export function fieldBinlogFromMessage(message: FieldBinlogMessage): FieldBinlog {
  return {
    fieldId: message.fieldID,
    binlogs: message.binlogs.map(binlogFromMessage),
    childFields: message.childFields,
    format: message.format,
  }
}

function binlogToMessage(binlog: Binlog): BinlogMessage {
  return create(BinlogSchema, {
    entriesNum: BigInt(binlog.entriesNum),
    timestampFrom: binlog.timestampFrom,
    timestampTo: binlog.timestampTo,
    logPath: binlog.logPath,
    logSize: BigInt(binlog.logSize),
    logID: binlog.logId,
    memorySize: BigInt(binlog.memorySize),
    fieldNullCounts: Object.fromEntries(
      Array.from(binlog.fieldNullCounts, ([id, nulls]) => [String(id), BigInt(nulls)]),
    ),
  })
}

function binlogFromMessage(message: BinlogMessage): Binlog {
  return {
    entriesNum: countOf(message.entriesNum, 'entries_num'),
    timestampFrom: message.timestampFrom,
    timestampTo: message.timestampTo,
    logPath: message.logPath,
    logSize: countOf(message.logSize, 'log_size'),
    logId: message.logID,
    memorySize: countOf(message.memorySize, 'memory_size'),
    fieldNullCounts: new Map(
      Object.entries(message.fieldNullCounts).map(([id, nulls]) => [
        BigInt(id),
        countOf(nulls, 'field_null_counts'),
      ]),
    ),
  }
}

function countOf(value: bigint, name: string): number {
  const count = Number(value)
  if (Number.isSafeInteger(count) && count >= 0) return count
  throw new PackedError(
    'MetadataCorrupted',
    `Expected a count below 2^53 for Binlog.${name} but received ${value}`,
  )
}
