/** Every Arrow type through the C Data Interface and back, whole and sliced. */
import { type RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow'
import { columnOf, oneColumn, roundTrip } from './support/bridge.js'
import { canonical, firstDifference } from './support/canonical.js'
import { matrixColumn, type Nulls, TYPE_MATRIX, WITHOUT_NULLS } from './support/type-matrix.js'

/** Below and above the size at which buffers are lent instead of copied; not multiples of 8. */
const FEW_ROWS = 61
const MANY_ROWS = 3001

function expectSame(received: RecordBatch, expected: RecordBatch): void {
  expect(received.numRows).toBe(expected.numRows)
  expect(String(received.schema)).toBe(String(expected.schema))
  const { nullCount } = columnOf(expected)
  if (nullCount >= 0) expect(columnOf(received).nullCount).toBe(nullCount) // -1: sliced Null
  expect(firstDifference(columnOf(expected), 0, columnOf(received))).toBeNull()
}

/** apache-arrow's IPC writer is the oracle for whole batches; it gets some slices wrong. */
function throughIpc(batch: RecordBatch): RecordBatch {
  const table = tableFromIPC(tableToIPC(new Table([batch])))
  expect(table.batches.length).toBe(1)
  return table.batches[0]!
}

describe.each(TYPE_MATRIX)('%s', (_, type) => {
  const cases: Nulls[] = WITHOUT_NULLS.includes(type.typeId)
    ? ['no nulls']
    : ['no nulls', 'some nulls', 'all null']

  describe.each(cases)('%s', (nulls) => {
    const many = oneColumn(matrixColumn(type, MANY_ROWS, nulls))

    test('few and many rows', () => {
      const few = oneColumn(matrixColumn(type, FEW_ROWS, nulls))
      expectSame(roundTrip(few), few)
      expectSame(roundTrip(many), many)
    })

    test('slices, at and off byte boundaries', () => {
      for (const [first, last] of [
        [8, MANY_ROWS],
        [1, 2],
        [13, 1013],
        [MANY_ROWS - 5, MANY_ROWS],
      ]) {
        const slice = many.slice(first, last)
        expectSame(roundTrip(slice), slice)
      }
    })

    test('a slice of a slice', () => {
      const slice = many.slice(5, 2500).slice(1003, 2001)
      expect(canonical(columnOf(slice).get(0))).toBe(canonical(columnOf(many).get(1008)))
      expectSame(roundTrip(slice), slice)
    })

    test('the result is as good a batch as the original', () => {
      const once = roundTrip(many.slice(3, 2003))
      const twice = roundTrip(once.slice(7, 1507))
      expectSame(twice, many.slice(10, 1510))
    })

    test('IPC sees the same values', () => {
      const few = oneColumn(matrixColumn(type, FEW_ROWS, nulls))
      expectSame(throughIpc(few), few)
      expectSame(throughIpc(roundTrip(few)), few)
      expectSame(roundTrip(throughIpc(few)), few)
    })
  })

  test('zero rows', () => {
    const empty = oneColumn(matrixColumn(type, 0, 'no nulls'))
    expectSame(roundTrip(empty), empty)
    const many = oneColumn(matrixColumn(type, MANY_ROWS, 'some nulls'))
    expectSame(roundTrip(many.slice(4, 4)), many.slice(4, 4))
  })
})
