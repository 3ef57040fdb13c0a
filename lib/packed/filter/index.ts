export { type CheckedFilter, checkedFilter } from './checked-filter.js'
export { columnsOfFiles } from './file-columns.js'
export type {
  Filter,
  FilterColumn,
  FilterComparison,
  FilterCondition,
  FilterOperand,
} from './filter.js'
export { type FilterKind, integers, kindOfField, TIMESTAMPTZ } from './filter-kinds.js'
export { FilterTotal } from './filter-total.js'
export { columnsOfTree, type FilterTree, filterOfTree, filterTree } from './filter-tree.js'
export { parseFilter } from './parse-filter.js'
export { printFilter } from './print-filter.js'
export { type FilterColumns, resolveFilter } from './resolve-filter.js'
