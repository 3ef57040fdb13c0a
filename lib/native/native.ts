import { isMainThread } from 'node:worker_threads'
import { PackedError } from '../errors/index.js'
import type { Addon } from './addon.js'
import { loadAddon } from './load.cjs'

/** Every function of the contract; the compiler keeps the list complete. */
const FUNCTIONS: Record<keyof Addon, true> = {
  version: true,
  errorCodes: true,
  memoryUsage: true,
  allocate: true,
  shutdown: true,
  importSchema: true,
  newCancel: true,
  cancel: true,
  writerOpen: true,
  writerCopy: true,
  writerWrite: true,
  writerWriteStream: true,
  writerFinish: true,
  writerAbort: true,
  writerProgress: true,
  writerQuantization: true,
  columnLayout: true,
  uploadSettle: true,
  storageMetrics: true,
  compressionMetrics: true,
  readerOpen: true,
  readerNext: true,
  readerTakePrepared: true,
  readerClose: true,
  readerExportStream: true,
  readerFilterStats: true,
  rowsOpen: true,
  rowsCount: true,
  rowsTake: true,
  rowsFind: true,
  rowsReadGroup: true,
  rowsClose: true,
  rowsGather: true,
  keySetNew: true,
  keySetFind: true,
  batchRelease: true,
  inspectFile: true,
  mapFile: true,
  fileLockTake: true,
  fileLockRelease: true,
  readKeyMetadata: true,
  payloadEncode: true,
  payloadOpen: true,
  recordSerialize: true,
  recordDeserialize: true,
  bloomNew: true,
  bloomOpen: true,
  bloomAdd: true,
  bloomTest: true,
  bloomParts: true,
  quantizeVectors: true,
  dequantizeVectors: true,
  visibilityNew: true,
  visibilityAdd: true,
  visibilityLook: true,
  visibilityStats: true,
  codecNew: true,
  codecBound: true,
  codecEncodeSync: true,
  codecDecodeSync: true,
  codecEncode: true,
  codecDecode: true,
  codecReaderNew: true,
  codecWriterNew: true,
  codecStreamStep: true,
  codecDictionaryOpen: true,
  codecDictionaryTrain: true,
  cdataExport: true,
  cdataImport: true,
  cdataExportStream: true,
  cdataOpenStream: true,
  cdataStreamNext: true,
  cdataStreamClose: true,
  cdataFree: true,
}

let loaded: Addon | undefined

/** The addon, loaded on the first call. */
export function loadedAddon(): Addon {
  if (loaded === undefined) {
    const addon = checked(loadAddon())
    process.once('exit', () => addon.shutdown(isMainThread))
    loaded = addon
  }
  return loaded
}

/** A stale build of the addon fails here, by name, instead of somewhere in a call. */
function checked(candidate: unknown): Addon {
  const exported = Object.keys(candidate as object)
  const missing = Object.keys(FUNCTIONS).filter((name) => !exported.includes(name))
  const unknown = exported.filter((name) => !(name in FUNCTIONS))
  if (missing.length > 0 || unknown.length > 0) {
    throw new PackedError(
      'Internal',
      'Expected an addon of the same version as the library but received one that ' +
        `lacks [${missing}] and adds [${unknown}]; build it again`,
    )
  }
  return candidate as Addon
}
