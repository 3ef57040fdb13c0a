import fc from 'fast-check'
import type { Filter, FilterCondition, FilterOperand } from '../../lib/index.js'
import type { FilterTree } from '../../lib/packed/filter/index.js'

const OPERATORS = ['=', '!=', '<', '<=', '>', '>='] as const

/** Any filter by itself, over columns of any name, with values of every kind. */
export function arbitraryFilter(): fc.Arbitrary<Filter> {
  const column = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.constantFrom('and', 'NULL', 'nan', 'a "b"', 'größe', '#1'),
    fc.bigInt({ min: 0n, max: 2n ** 31n - 1n }),
    fc.nat(),
  )
  const value: fc.Arbitrary<FilterOperand> = fc.oneof(
    fc.boolean(),
    fc.integer(),
    fc.double(),
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.string(),
    fc.string({ unit: 'grapheme' }),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 4 }),
  )
  const condition: fc.Arbitrary<FilterCondition> = fc.oneof(
    fc.tuple(column, fc.constantFrom(...OPERATORS), value),
    fc.tuple(column, fc.constantFrom('in' as const, 'not in' as const), fc.array(value)),
    fc.tuple(column, fc.constantFrom('is null' as const, 'is not null' as const)),
  )
  const { filter } = fc.letrec<{ filter: Filter }>((tie) => {
    const list = fc.array(tie('filter'), { minLength: 1, maxLength: 4 })
    return {
      filter: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        condition,
        list,
        list.map((and) => ({ and })),
        list.map((or) => ({ or })),
        tie('filter').map((not) => ({ not })),
      ),
    }
  })
  return filter
}

/** What text cannot tell apart as one: `and` of one filter, 1 and 1n, a Date and its text. */
export function plainTree(tree: FilterTree): unknown {
  switch (tree.op) {
    case 'and':
    case 'or': {
      const args = tree.args.map(plainTree)
      return args.length === 1 ? args[0] : { op: tree.op, args }
    }
    case 'not':
      return { op: tree.op, arg: plainTree(tree.arg) }
    case 'in':
      return { ...tree, values: tree.values.map(plainValue) }
    case 'is null':
      return tree
    default:
      return { ...tree, value: plainValue(tree.value) }
  }
}

function plainValue(value: FilterOperand): FilterOperand {
  if (typeof value === 'bigint') {
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
      ? Number(value)
      : value
  }
  return typeof value === 'object' && 'getTime' in value ? value.toISOString() : value
}
