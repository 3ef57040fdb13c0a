import {
  Binary,
  Bool,
  type DataType,
  Field,
  FixedSizeBinary,
  FixedSizeList,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  RecordBatch,
  Schema,
  Uint8,
  Utf8,
} from 'apache-arrow'
import { NODE_STRIDE } from '../native/index.js'
import { FlatCursor } from './flat-cursor.js'

const ITEM = new Field('item', new Float32())

const TYPES: DataType[] = [
  new Bool(),
  new Int8(),
  new Int16(),
  new Int32(),
  new Int64(),
  new Uint8(),
  new Float32(),
  new Float64(),
  new FixedSizeBinary(1),
  new Utf8(),
  new Binary(),
  new FixedSizeList(1, ITEM),
  new List(ITEM),
]

// Used once: the shape of a cursor that was never moved is another one.
const cursor = new FlatCursor(new Float64Array(NODE_STRIDE), [])
cursor.next()

/**
 * An object of every shape that batches are made of, for good. V8 drops a hidden class when a
 * collection finds no object that has it, and with the class the code that was optimized for it:
 * where all batches are dropped between two collections, what makes batches would be compiled again
 * after each, which is a tenth of the time that it takes to read 200 columns.
 */
export const HELD_SHAPES: readonly unknown[] = [
  cursor,
  new RecordBatch(new Schema(TYPES.map((type, i) => new Field(String(i), type))), undefined),
]
