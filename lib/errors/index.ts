export {
  type CallSite,
  captureCallSite,
  isPackedError,
  PACKED_ERROR_CODES,
  PackedError,
  type PackedErrorCode,
  type PackedErrorContext,
  type PackedErrorInit,
  type PackedErrorJson,
} from './packed-error.js'
