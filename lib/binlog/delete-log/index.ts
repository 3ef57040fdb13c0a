export { type ReadDeleteLogOptions, readDeleteLog } from './read-delete-log.js'
