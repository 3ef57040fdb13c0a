#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "batch_export.h"
#include "call.h"
#include "external_memory.h"
#include "file_info.h"
#include "handle_kinds.h"
#include "lend_batch.h"
#include "operation.h"
#include "packed/executor.h"
#include "packed/reader.h"
#include "reader_options.h"
#include "schema_bridge.h"
#include "storage_options.h"
#include "strand.h"
#include "values.h"

namespace packed::binding {
namespace {

/// \brief A reader and the queue of its operations.
///
/// The last share may be dropped on the JS thread, by a finalizer; closing a reader waits for its
/// read-ahead and is left to the pool.
struct OpenReader {
  OpenReader(std::unique_ptr<PackedReader> opened, CancelToken token)
      : reader(std::move(opened)), cancel(std::move(token)) {}
  ~OpenReader() {
    cancel.Cancel();
    Executor::Shared().Spawn(
        [dropped = std::shared_ptr<PackedReader>(std::move(reader))] { dropped->Close(); });
  }

  std::unique_ptr<PackedReader> reader;
  const CancelToken cancel;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
};

using ReaderShare = std::shared_ptr<OpenReader>;

}  // namespace

template <>
struct HandleKind<OpenReader> {
  static constexpr const char* kName = "reader";
  static constexpr napi_type_tag kTag{0xe0952db13f684c77, 0x86a4f1c92d7035be};
};

namespace {

/// The NativeOpenedReader of a reader that was just opened.
CallResult SettleOpened(Environment& environment, ReaderShare share) {
  const Napi::Env env = environment.env();
  const PackedReader& reader = *share->reader;
  Napi::Array files = Napi::Array::New(env, reader.files().size());
  uint32_t index = 0;
  for (const FileInfo& info : reader.files()) {
    const Napi::HandleScope scope(env);
    ARROW_ASSIGN_OR_RAISE(auto file, ToNativeFileInfo(env, info));
    files.Set(index++, file);
  }
  ARROW_ASSIGN_OR_RAISE(auto schema, ToNativeSchema(env, *reader.schema()));
  Napi::Object opened = Napi::Object::New(env);
  opened.Set("schema", schema);
  opened.Set("rows", static_cast<double>(reader.num_rows()));
  opened.Set("files", files);
  opened.Set("reader", MakeHandle(env, std::move(share)));
  return opened;
}

}  // namespace

CallResult ReaderOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[0], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[1]));
  ARROW_ASSIGN_OR_RAISE(ReaderSettings settings, ReadReaderSettings(call.environment(), options));
  settings.options.cancel = *token;

  auto execute = [settings = std::move(settings),
                  cancel = *token]() mutable -> arrow::Result<ReaderShare> {
    ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(settings.storage));
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          PackedReader::Open(std::move(settings.paths), std::move(settings.options),
                                             std::move(store)));
    return std::make_shared<OpenReader>(std::move(reader), std::move(cancel));
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[2], MakeOperation(*token, std::move(execute), SettleOpened)));
  return call.env().Undefined();
}

CallResult ReaderNext(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenReader>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[1]));
  auto execute = [share]() -> arrow::Result<std::optional<OutgoingBatch>> {
    ARROW_ASSIGN_OR_RAISE(const auto batch, share->reader->ReadNext());
    return LayOutNext(batch);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[2],
                            MakeOperation(share->cancel, std::move(execute), LendNext{policy}),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult ReaderClose(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenReader>(call[0]));
  auto execute = [share]() -> arrow::Result<Nothing> {
    share->reader->Close();
    return Nothing{};
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[1],
                            MakeOperation(share->cancel, std::move(execute), SettleNothing),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult BatchRelease(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto batch, FromHandle<LentBatch>(call[0]));
  for (const auto& memory : batch->buffers) memory->Release();
  return call.env().Undefined();
}

CallResult InspectFile(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto storage, Read<Napi::Object>(call[0], "storage"));
  ARROW_ASSIGN_OR_RAISE(StorageConfig config, ReadStorage(storage));
  ARROW_ASSIGN_OR_RAISE(std::string path, Read<std::string>(call[1], "path"));
  auto execute = [config = std::move(config), path = std::move(path)]() -> arrow::Result<FileInfo> {
    ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(config));
    return DescribeFile(*store, path);
  };
  auto settle = [](Environment& environment, const FileInfo& info) -> CallResult {
    return ToNativeFileInfo(environment.env(), info);
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[3], MakeOperation(CancelToken(), std::move(execute), settle)));
  return call.env().Undefined();
}

}  // namespace packed::binding
