#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "batch_export.h"
#include "call.h"
#include "external_memory.h"
#include "file_info.h"
#include "handle_kinds.h"
#include "key_options.h"
#include "lend_batch.h"
#include "open_reader.h"
#include "operation.h"
#include "packed/reader.h"
#include "reader_options.h"
#include "schema_bridge.h"
#include "storage_options.h"
#include "values.h"

namespace packed::binding {

CallResult SettleOpened(Environment& environment, OpenedReader opened) {
  const Napi::Env env = environment.env();
  Napi::Array files = Napi::Array::New(env, opened.files.size());
  uint32_t index = 0;
  for (const FileInfo& info : opened.files) {
    const Napi::HandleScope scope(env);
    ARROW_ASSIGN_OR_RAISE(auto file, ToNativeFileInfo(env, info));
    files.Set(index++, file);
  }
  ARROW_ASSIGN_OR_RAISE(auto schema, ToNativeSchema(env, *opened.reader->source->schema()));
  Napi::Object native = Napi::Object::New(env);
  native.Set("schema", schema);
  native.Set("rows", static_cast<double>(opened.rows));
  native.Set("files", files);
  native.Set("reader", MakeHandle(env, std::move(opened.reader)));
  return native;
}

CallResult ReaderOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[0], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[1]));
  ARROW_ASSIGN_OR_RAISE(ReaderSettings settings, ReadReaderSettings(call.environment(), options));
  settings.options.cancel = *token;

  auto execute = [settings = std::move(settings),
                  cancel = *token]() mutable -> arrow::Result<OpenedReader> {
    ARROW_ASSIGN_OR_RAISE(auto reader, OpenBy<PackedReader>(std::move(settings)));
    const int64_t rows = reader->num_rows();
    std::vector<FileInfo> files = reader->files();
    auto meter = reader->meter();
    auto open =
        std::make_shared<OpenReader>(std::move(reader), std::move(meter), std::move(cancel));
    return OpenedReader{std::move(open), rows, std::move(files)};
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[2], MakeOperation(*token, std::move(execute), SettleOpened)));
  return call.env().Undefined();
}

CallResult ReaderNext(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenReader>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[1]));
  auto execute = [share] { return share->Next(); };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[2],
                            MakeOperation(share->cancel, std::move(execute), LendNext{policy}),
                            share->strand.get()));
  share->strand->Post([share] { share->Prepare(); });
  return call.env().Undefined();
}

CallResult ReaderTakePrepared(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenReader>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[1]));
  const auto prepared = share->TakePrepared();
  if (!prepared) return call.env().Null();
  if (share->FewPrepared()) share->strand->Post([share] { share->Prepare(); });
  return LendBatch(call.environment(), *prepared, policy);
}

CallResult ReaderClose(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenReader>(call[0]));
  // What decodes ahead has the threads of the pool that closing waits for. A stream that was
  // exported may be reading: that read is not cut short.
  if (const std::unique_lock idle(share->reading, std::try_to_lock); idle) share->cancel.Cancel();
  auto execute = [share]() -> arrow::Result<Nothing> {
    share->Close();
    return Nothing{};
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[1],
                            MakeOperation(share->cancel, std::move(execute), SettleNothing),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult ReaderFilterStats(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenReader>(call[0]));
  const FilterStats counted = share->meter->Read();
  Napi::Object stats = Napi::Object::New(call.env());
  stats.Set("rowGroupsRead", static_cast<double>(counted.row_groups_read));
  stats.Set("rowGroupsSkipped", static_cast<double>(counted.row_groups_skipped));
  stats.Set("rowsRead", static_cast<double>(counted.rows_read));
  stats.Set("rowsSkipped", static_cast<double>(counted.rows_skipped));
  stats.Set("rowsFiltered", static_cast<double>(counted.rows_filtered));
  return stats;
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
  ARROW_ASSIGN_OR_RAISE(auto array, Read<Napi::Array>(call[2], "keys"));
  ARROW_ASSIGN_OR_RAISE(KeyRing keys, ReadKeys(array));
  auto execute = [config = std::move(config), path = std::move(path),
                  keys = std::move(keys)]() -> arrow::Result<FileInfo> {
    ARROW_ASSIGN_OR_RAISE(auto store, FileStore::Make(config));
    return DescribeFile(*store, path, keys);
  };
  auto settle = [](Environment& environment, const FileInfo& info) -> CallResult {
    return ToNativeFileInfo(environment.env(), info);
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[3], MakeOperation(CancelToken(), std::move(execute), settle)));
  return call.env().Undefined();
}

}  // namespace packed::binding
