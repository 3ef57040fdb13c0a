#pragma once

#include "arrow/result.h"

#include "environment.h"
#include "napi_setup.h"

namespace packed::binding {

/// One call from JavaScript: its arguments (undefined where absent) and its environment.
class Call {
 public:
  explicit Call(const Napi::CallbackInfo& info)
      : info_(info), environment_(Environment::Of(info.Env())) {}

  Napi::Value operator[](size_t index) const { return info_[index]; }
  Napi::Env env() const { return info_.Env(); }
  Environment& environment() const { return environment_; }

 private:
  const Napi::CallbackInfo& info_;
  Environment& environment_;
};

using CallResult = arrow::Result<Napi::Value>;

// The functions of lib/native/addon.ts, under the names they have there. JS thread.

CallResult Version(const Call& call);
CallResult ErrorCodes(const Call& call);
CallResult MemoryUsage(const Call& call);
CallResult Allocate(const Call& call);
CallResult Shutdown(const Call& call);
CallResult ImportSchema(const Call& call);
CallResult NewCancel(const Call& call);
CallResult Cancel(const Call& call);

CallResult WriterOpen(const Call& call);
CallResult WriterCopy(const Call& call);
CallResult WriterWrite(const Call& call);
CallResult WriterWriteStream(const Call& call);
CallResult WriterFinish(const Call& call);
CallResult WriterAbort(const Call& call);
CallResult WriterProgressOf(const Call& call);
CallResult WriterQuantization(const Call& call);
CallResult ColumnLayoutOf(const Call& call);
CallResult UploadSettle(const Call& call);
CallResult StorageMetricsOf(const Call& call);
CallResult CompressionMetricsOf(const Call& call);

CallResult ReaderOpen(const Call& call);
CallResult ReaderNext(const Call& call);
CallResult ReaderTakePrepared(const Call& call);
CallResult ReaderClose(const Call& call);
CallResult ReaderExportStream(const Call& call);
CallResult ReaderFilterStats(const Call& call);
CallResult RowsOpen(const Call& call);
CallResult RowsCount(const Call& call);
CallResult RowsTake(const Call& call);
CallResult RowsFind(const Call& call);
CallResult RowsReadGroup(const Call& call);
CallResult RowsClose(const Call& call);
CallResult RowsGather(const Call& call);
CallResult KeySetNew(const Call& call);
CallResult KeySetFind(const Call& call);
CallResult BatchRelease(const Call& call);
CallResult InspectFile(const Call& call);
CallResult MapFile(const Call& call);
CallResult FileLockTake(const Call& call);
CallResult FileLockRelease(const Call& call);
CallResult ReadKeyMetadata(const Call& call);

CallResult PayloadEncode(const Call& call);
CallResult PayloadOpen(const Call& call);

CallResult RecordSerialize(const Call& call);
CallResult RecordDeserialize(const Call& call);

CallResult BloomNew(const Call& call);
CallResult BloomOpen(const Call& call);
CallResult BloomAdd(const Call& call);
CallResult BloomTest(const Call& call);
CallResult BloomParts(const Call& call);

CallResult QuantizeVectorsOf(const Call& call);
CallResult DequantizeVectorsOf(const Call& call);

CallResult VisibilityNew(const Call& call);
CallResult VisibilityAdd(const Call& call);
CallResult VisibilityLook(const Call& call);
CallResult VisibilityStats(const Call& call);

CallResult CodecNew(const Call& call);
CallResult CodecBound(const Call& call);
CallResult CodecEncodeSync(const Call& call);
CallResult CodecDecodeSync(const Call& call);
CallResult CodecEncode(const Call& call);
CallResult CodecDecode(const Call& call);
CallResult CodecReaderNew(const Call& call);
CallResult CodecWriterNew(const Call& call);
CallResult CodecStreamStep(const Call& call);
CallResult CodecDictionaryOpen(const Call& call);
CallResult CodecDictionaryTrain(const Call& call);

CallResult CDataExport(const Call& call);
CallResult CDataImport(const Call& call);
CallResult CDataExportStream(const Call& call);
CallResult CDataOpenStream(const Call& call);
CallResult CDataStreamNext(const Call& call);
CallResult CDataStreamClose(const Call& call);
CallResult CDataFree(const Call& call);

}  // namespace packed::binding
