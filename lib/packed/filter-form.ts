export type {
  NativeFilter as FilterNode,
  NativeFilterValue as FilterValue,
} from '../native/index.js'
