export { type ReadDeleteLogOptions, readDeleteLog } from './read-delete-log.js'
export {
  type DeleteLogFormat,
  type WriteDeleteLogOptions,
  writeDeleteLog,
} from './write-delete-log.js'
