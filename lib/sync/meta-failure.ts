import { expectOneOf, expectString } from '../config/index.js'
import { isPackedError, PackedError } from '../errors/index.js'
import type { MetaFailure } from './meta-writer.js'

const SIGNS = {
  segmentNotFound: { code: 'NotFound', field: 'segmentId' },
  channelNotFound: { code: 'NotFound', field: 'channelName' },
  misrouted: { code: 'Conflict', field: 'channelName' },
} as const satisfies Record<MetaFailure, { code: string; field: string }>

/**
 * The error that a {@link MetaWriter} answers with, such that {@link metaFailureOf} knows it.
 *
 * @throws PackedError InvalidArgument.
 */
export function metaFailure(failure: MetaFailure, message: string): PackedError {
  expectOneOf(failure, 'failure', Object.keys(SIGNS))
  expectString(message, 'message')
  const { code, field } = SIGNS[failure]
  return new PackedError(code, message, { field })
}

/** What a MetaWriter answered, by what it threw; undefined for any other failure. */
export function metaFailureOf(error: unknown): MetaFailure | undefined {
  if (!isPackedError(error)) return undefined
  const kinds = Object.entries(SIGNS) as [MetaFailure, { code: string; field: string }][]
  return kinds.find(([, sign]) => sign.code === error.code && sign.field === error.field)?.[0]
}
