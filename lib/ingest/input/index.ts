export { type ColumnType, parseColumnType } from './column-type.js'
export { type Input, type InputOptions, openInput } from './input.js'
export { formatOfExtension, INPUT_FORMATS, type InputFormat, inputFormat } from './input-format.js'
export { type InputPlace, STDIN } from './input-place.js'
