import type { TuneProgress } from '../../packed/index.js'

export function progressText({ done, total, next }: TuneProgress): string {
  return `${done} of ${total} trials${next === undefined ? '' : ` | ${next}`}`
}
