#include "call.h"
#include "environment.h"
#include "napi_setup.h"
#include "native_error.h"

namespace packed::binding {
namespace {

template <CallResult (*kFunction)(const Call&)>
Napi::Value Invoke(const Napi::CallbackInfo& info) {
  const CallResult result = Guarded([&info] { return kFunction(Call(info)); });
  if (result.ok()) return *result;
  ThrowNativeError(info.Env(), result.status());
  return info.Env().Undefined();
}

template <CallResult (*kFunction)(const Call&)>
void Define(Napi::Object exports, const char* name) {
  exports.Set(name, Napi::Function::New<Invoke<kFunction>>(exports.Env(), name));
}

/// Called once per environment: any number of threads and copies may load the addon.
Napi::Object Init(Napi::Env env, Napi::Object exports) {
  if (!Environment::Attach(env)) return exports;
  Define<Version>(exports, "version");
  Define<ErrorCodes>(exports, "errorCodes");
  Define<MemoryUsage>(exports, "memoryUsage");
  Define<Allocate>(exports, "allocate");
  Define<Shutdown>(exports, "shutdown");
  Define<ImportSchema>(exports, "importSchema");
  Define<NewCancel>(exports, "newCancel");
  Define<Cancel>(exports, "cancel");
  Define<WriterOpen>(exports, "writerOpen");
  Define<WriterCopy>(exports, "writerCopy");
  Define<WriterWrite>(exports, "writerWrite");
  Define<WriterWriteStream>(exports, "writerWriteStream");
  Define<WriterFinish>(exports, "writerFinish");
  Define<WriterAbort>(exports, "writerAbort");
  Define<WriterProgressOf>(exports, "writerProgress");
  Define<WriterQuantization>(exports, "writerQuantization");
  Define<ColumnLayoutOf>(exports, "columnLayout");
  Define<UploadSettle>(exports, "uploadSettle");
  Define<StorageMetricsOf>(exports, "storageMetrics");
  Define<CompressionMetricsOf>(exports, "compressionMetrics");
  Define<ReaderOpen>(exports, "readerOpen");
  Define<ReaderNext>(exports, "readerNext");
  Define<ReaderTakePrepared>(exports, "readerTakePrepared");
  Define<ReaderClose>(exports, "readerClose");
  Define<ReaderExportStream>(exports, "readerExportStream");
  Define<ReaderFilterStats>(exports, "readerFilterStats");
  Define<RowsOpen>(exports, "rowsOpen");
  Define<RowsCount>(exports, "rowsCount");
  Define<RowsTake>(exports, "rowsTake");
  Define<RowsFind>(exports, "rowsFind");
  Define<RowsReadGroup>(exports, "rowsReadGroup");
  Define<RowsClose>(exports, "rowsClose");
  Define<RowsGather>(exports, "rowsGather");
  Define<KeySetNew>(exports, "keySetNew");
  Define<KeySetFind>(exports, "keySetFind");
  Define<BatchRelease>(exports, "batchRelease");
  Define<InspectFile>(exports, "inspectFile");
  Define<MapFile>(exports, "mapFile");
  Define<FileLockTake>(exports, "fileLockTake");
  Define<FileLockRelease>(exports, "fileLockRelease");
  Define<ReadKeyMetadata>(exports, "readKeyMetadata");
  Define<PayloadEncode>(exports, "payloadEncode");
  Define<PayloadOpen>(exports, "payloadOpen");
  Define<RecordSerialize>(exports, "recordSerialize");
  Define<RecordDeserialize>(exports, "recordDeserialize");
  Define<BloomNew>(exports, "bloomNew");
  Define<BloomOpen>(exports, "bloomOpen");
  Define<BloomAdd>(exports, "bloomAdd");
  Define<BloomTest>(exports, "bloomTest");
  Define<BloomParts>(exports, "bloomParts");
  Define<QuantizeVectorsOf>(exports, "quantizeVectors");
  Define<DequantizeVectorsOf>(exports, "dequantizeVectors");
  Define<VisibilityNew>(exports, "visibilityNew");
  Define<VisibilityAdd>(exports, "visibilityAdd");
  Define<VisibilityLook>(exports, "visibilityLook");
  Define<VisibilityStats>(exports, "visibilityStats");
  Define<CodecNew>(exports, "codecNew");
  Define<CodecBound>(exports, "codecBound");
  Define<CodecEncodeSync>(exports, "codecEncodeSync");
  Define<CodecDecodeSync>(exports, "codecDecodeSync");
  Define<CodecEncode>(exports, "codecEncode");
  Define<CodecDecode>(exports, "codecDecode");
  Define<CodecReaderNew>(exports, "codecReaderNew");
  Define<CodecWriterNew>(exports, "codecWriterNew");
  Define<CodecStreamStep>(exports, "codecStreamStep");
  Define<CodecDictionaryOpen>(exports, "codecDictionaryOpen");
  Define<CodecDictionaryTrain>(exports, "codecDictionaryTrain");
  Define<CDataExport>(exports, "cdataExport");
  Define<CDataImport>(exports, "cdataImport");
  Define<CDataExportStream>(exports, "cdataExportStream");
  Define<CDataOpenStream>(exports, "cdataOpenStream");
  Define<CDataStreamNext>(exports, "cdataStreamNext");
  Define<CDataStreamClose>(exports, "cdataStreamClose");
  Define<CDataFree>(exports, "cdataFree");
  return exports;
}

}  // namespace
}  // namespace packed::binding

static Napi::Object InitArrowPacked(Napi::Env env, Napi::Object exports) {
  return packed::binding::Init(env, exports);
}

NODE_API_MODULE(arrow_packed, InitArrowPacked)
