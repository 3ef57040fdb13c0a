#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "open_writer.h"
#include "operation.h"
#include "packed/error.h"
#include "packed/writer.h"
#include "values.h"
#include "writer_options.h"

namespace packed::binding {
template <>
struct HandleKind<ImportedBatch> {
  static constexpr const char* kName = "copied batch";
  static constexpr napi_type_tag kTag{0x1c93d85ab60f4e27, 0xb8d4472f9ae61053};
};

namespace {

/// One write on its way: the batch as C data until the pool takes it over.
struct PendingWrite {
  WriterShare share;
  OwnedArray array;
};

arrow::Result<Nothing> RunWrite(PendingWrite& write) {
  PackedWriter& writer = *write.share->writer;
  ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(write.array.get(), writer.schema()));
  ARROW_RETURN_NOT_OK(writer.Write(batch));
  return Nothing{};
}

/// A buffer that went away during the write leaves a file with who knows what in it.
arrow::Status CheckBorrowed(const WriterShare& share, const BorrowedMemory& memory) {
  const arrow::Status attached = memory.CheckAttached();
  if (!attached.ok()) share->strand->Post([share] { share->writer->Abort(); });
  return attached;
}

/// The batch to write: copied before (see WriterCopy), or a FlatBatch to borrow from now on.
arrow::Result<ImportedBatch> TakeBatch(const Call& call, const OpenWriter& open) {
  if (call[1].IsExternal()) {
    ARROW_ASSIGN_OR_RAISE(const auto copied, FromHandle<ImportedBatch>(call[1]));
    if (copied->memory == nullptr) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected a copied batch for writerWrite but received one already written");
    }
    return std::move(*copied);
  }
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[1], "batch"));
  return ImportFlatBatch(call.environment(), flat, *open.writer->schema(), /*copy=*/false);
}

Napi::Object ToNative(Napi::Env env, const ColumnResult& column) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("field", TextOf(env, column.name));
  native.Set("encodings", ArrayOf(env, column.encodings, [env](const std::string& name) {
               return Napi::String::New(env, name);
             }));
  native.Set("dictionaryFallback", column.dictionary_fallback);
  native.Set("compressedBytes", static_cast<double>(column.compressed_bytes));
  native.Set("uncompressedBytes", static_cast<double>(column.uncompressed_bytes));
  return native;
}

Napi::Object ToNative(Napi::Env env, const GroupResult& result) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("id", Napi::BigInt::New(env, result.id));
  native.Set("path", result.path);
  native.Set("rows", static_cast<double>(result.rows));
  native.Set("fileBytes", static_cast<double>(result.file_bytes));
  native.Set("footerBytes", static_cast<double>(result.footer_bytes));
  native.Set("compressedBytes", static_cast<double>(result.compressed_bytes));
  native.Set("uncompressedBytes", static_cast<double>(result.uncompressed_bytes));
  native.Set("rowGroups", result.row_groups);
  native.Set("nullCounts", ArrayOf(env, result.null_counts, [env](const auto& count) {
               Napi::Object entry = Napi::Object::New(env);
               entry.Set("field", TextOf(env, count.first));
               entry.Set("nulls", static_cast<double>(count.second));
               return entry;
             }));
  native.Set("columns", ArrayOf(env, result.columns, [env](const ColumnResult& column) {
               return ToNative(env, column);
             }));
  return native;
}

}  // namespace

CallResult WriterOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[1], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[2]));
  ARROW_ASSIGN_OR_RAISE(WriterSettings settings,
                        ReadWriterSettings(call.environment(), options, *token));

  auto execute = [schema = std::move(schema), settings = std::move(settings),
                  cancel = *token]() mutable -> arrow::Result<WriterShare> {
    ARROW_ASSIGN_OR_RAISE(auto store,
                          FileStore::Make(settings.storage, std::move(settings.uploader)));
    ARROW_ASSIGN_OR_RAISE(auto writer,
                          PackedWriter::Open(std::move(schema), std::move(settings.groups),
                                             std::move(settings.options), std::move(store)));
    return std::make_shared<OpenWriter>(std::move(writer), std::move(cancel));
  };
  auto settle = [](Environment& environment, WriterShare share) -> CallResult {
    return MakeHandle(environment.env(), std::move(share));
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(*token, std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

CallResult WriterCopy(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenWriter>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[1], "batch"));
  ARROW_ASSIGN_OR_RAISE(
      ImportedBatch copied,
      ImportFlatBatch(call.environment(), flat, *share->writer->schema(), /*copy=*/true));
  return MakeHandle(call.env(), std::make_shared<ImportedBatch>(std::move(copied)));
}

CallResult WriterWrite(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto share, FromHandle<OpenWriter>(call[0]));
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported, TakeBatch(call, *share));

  const CancelToken cancel = share->cancel;
  Strand* strand = share->strand.get();
  auto settle = [share, memory = std::move(imported.memory)](Environment& environment,
                                                             Nothing) -> CallResult {
    ARROW_RETURN_NOT_OK(CheckBorrowed(share, *memory));
    return environment.env().Undefined();
  };
  auto execute = [write = PendingWrite{std::move(share), std::move(imported.array)}]() mutable {
    return RunWrite(write);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[2],
                            MakeOperation(cancel, std::move(execute), std::move(settle)), strand));
  return call.env().Undefined();
}

CallResult WriterFinish(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenWriter>(call[0]));
  auto execute = [share] { return share->writer->Finish(); };
  auto settle = [](Environment& environment,
                   const std::vector<GroupResult>& results) -> CallResult {
    const Napi::Env env = environment.env();
    return ArrayOf(env, results,
                   [env](const GroupResult& result) { return ToNative(env, result); });
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[1],
                            MakeOperation(share->cancel, std::move(execute), std::move(settle)),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult WriterAbort(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenWriter>(call[0]));
  auto execute = [share]() -> arrow::Result<Nothing> {
    share->writer->Abort();
    return Nothing{};
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[1],
                            MakeOperation(share->cancel, std::move(execute), SettleNothing),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult WriterQuantization(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenWriter>(call[0]));
  auto execute = [share]() -> arrow::Result<std::string> { return share->writer->quantization(); };
  auto settle = [](Environment& environment, const std::string& description) -> CallResult {
    return TextOf(environment.env(), description);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[1],
                            MakeOperation(share->cancel, std::move(execute), std::move(settle)),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult WriterProgressOf(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenWriter>(call[0]));
  const WriterProgress progress = share->writer->progress();
  Napi::Object native = Napi::Object::New(call.env());
  native.Set("rows", static_cast<double>(progress.rows));
  native.Set("bytesIn", static_cast<double>(progress.bytes_in));
  native.Set("bytesOut", static_cast<double>(progress.bytes_out));
  native.Set("bufferedBytes", static_cast<double>(progress.buffered_bytes));
  native.Set("rowGroups", static_cast<double>(progress.row_groups));
  return native;
}

}  // namespace packed::binding
