export {
  type CompactedManifest,
  type CompactManifestOptions,
  compactManifest,
  type ManifestSizes,
} from './compact-manifest.js'
export type { CompactSegmentsOptions } from './compact-options.js'
export type {
  CompactionGroupReport,
  CompactionProgress,
  CompactionReason,
  CompactionReport,
  CompactionSource,
  CompactionTarget,
} from './compact-report.js'
export { compactSegments } from './compact-segments.js'
