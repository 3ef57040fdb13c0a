import { Option } from 'commander'
import { isPackedError } from '../errors/index.js'
import { type Filter, parseFilter } from '../packed/index.js'
import { UsageError } from './failure.js'

/** `--where <filter>`, whose text {@link filterOf} makes the option of a reader of. */
export function whereOption(): Option {
  return new Option(
    '--where <filter>',
    `only rows for which it is true: "price >= 10 and lang in ('de', 'fr')"`,
  )
}

/** @throws UsageError, the text and a caret below its line. */
export function filterOf({ where }: { where?: string }): { filter?: Filter } {
  if (where === undefined) return {}
  try {
    return { filter: parseFilter(where) }
  } catch (error) {
    if (!isPackedError(error)) throw error
    const [message, ...excerpt] = error.message.split('\n')
    throw new UsageError(`${message} (--where)`, excerpt.join('\n'))
  }
}
