export type { LogFsync, SegmentedLogOptions } from './log-options.js'
export { type RecoveredLog, SegmentedLog } from './segmented-log.js'
