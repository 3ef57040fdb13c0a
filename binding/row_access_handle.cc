#include <memory>
#include <utility>
#include <vector>

#include "batch_export.h"
#include "call.h"
#include "handle_kinds.h"
#include "handles.h"
#include "key_set_handle.h"
#include "lend_batch.h"
#include "operation.h"
#include "packed/executor.h"
#include "packed/row_access.h"
#include "reader_options.h"
#include "row_positions.h"
#include "schema_bridge.h"
#include "strand.h"
#include "values.h"

namespace packed::binding {
namespace {

/// \brief Rows by position and the queue of its operations; what a RowAccessHandle stands for.
///
/// The last share may be dropped on the JS thread, by a finalizer; closing files is the pool's.
struct OpenRows {
  OpenRows(std::unique_ptr<RowAccess> opened, CancelToken token)
      : access(std::move(opened)), cancel(std::move(token)) {}
  ~OpenRows() {
    cancel.Cancel();
    Executor::Shared().Spawn(
        [dropped = std::shared_ptr<RowAccess>(std::move(access))] { dropped->Close(); });
  }

  std::unique_ptr<RowAccess> access;
  const CancelToken cancel;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
};

/// A batch with the schema of its own.
struct SchemaAndBatch {
  std::shared_ptr<arrow::Schema> schema;
  OutgoingBatch batch;
};

struct LendWithSchema {
  ReadPolicy policy;

  CallResult operator()(Environment& environment, const SchemaAndBatch& read) const {
    const Napi::Env env = environment.env();
    ARROW_ASSIGN_OR_RAISE(auto schema, ToNativeSchema(env, *read.schema));
    ARROW_ASSIGN_OR_RAISE(auto batch, LendBatch(environment, read.batch, policy));
    Napi::Object native = Napi::Object::New(env);
    native.Set("schema", schema);
    native.Set("batch", batch);
    return native;
  }
};

arrow::Result<SchemaAndBatch> LayOut(const std::shared_ptr<arrow::RecordBatch>& batch) {
  ARROW_ASSIGN_OR_RAISE(OutgoingBatch outgoing, LayOutBatch(*batch));
  return SchemaAndBatch{batch->schema(), std::move(outgoing)};
}

}  // namespace

template <>
struct HandleKind<OpenRows> {
  static constexpr const char* kName = "row access";
  static constexpr napi_type_tag kTag{0x3bc5e9f08a714d62, 0xb7d04e6a19c385f1};
};

CallResult RowsOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[0], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[1]));
  ARROW_ASSIGN_OR_RAISE(ReaderSettings settings, ReadReaderSettings(call.environment(), options));
  settings.options.cancel = *token;
  auto execute = [settings = std::move(settings),
                  cancel = *token]() mutable -> arrow::Result<std::shared_ptr<OpenRows>> {
    ARROW_ASSIGN_OR_RAISE(auto access, OpenBy<RowAccess>(std::move(settings)));
    return std::make_shared<OpenRows>(std::move(access), std::move(cancel));
  };
  auto settle = [](Environment& environment, std::shared_ptr<OpenRows> rows) -> CallResult {
    return MakeHandle(environment.env(), std::move(rows));
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[2], MakeOperation(*token, std::move(execute), settle)));
  return call.env().Undefined();
}

CallResult RowsTake(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenRows>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto positions, ReadPositions(call[1]));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[2]));
  auto execute = [share, positions = std::move(positions)]() -> arrow::Result<SchemaAndBatch> {
    ARROW_ASSIGN_OR_RAISE(const auto batch, share->access->Take(positions));
    return LayOut(batch);
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[3],
            MakeOperation(share->cancel, std::move(execute), LendWithSchema{policy}),
            share->strand.get()));
  return call.env().Undefined();
}

CallResult RowsCount(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenRows>(call[0]));
  return Napi::Number::New(call.env(), static_cast<double>(share->access->num_rows()));
}

CallResult RowsFind(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenRows>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const int64_t column, Read<int64_t>(call[1], "column"));
  ARROW_ASSIGN_OR_RAISE(const auto keys, FromHandle<KeySet>(call[2]));
  auto execute = [share, column, keys] { return share->access->FindKeys(column, *keys); };
  auto settle = [](Environment& environment, const KeyHits& hits) -> CallResult {
    Napi::Object native = FoundObject(environment.env(), hits.found);
    native.Set("rowGroupsRead", static_cast<double>(hits.row_groups_read));
    native.Set("rowGroupsSkipped", static_cast<double>(hits.row_groups_skipped));
    native.Set("filesRead", static_cast<double>(hits.files_read));
    native.Set("filesSkipped", static_cast<double>(hits.files_skipped));
    return native;
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(share->cancel, std::move(execute), std::move(settle)),
                            share->strand.get()));
  return call.env().Undefined();
}

CallResult RowsReadGroup(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenRows>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const int64_t file, Read<int64_t>(call[1], "file"));
  ARROW_ASSIGN_OR_RAISE(const int64_t row_group, Read<int64_t>(call[2], "row group"));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[3]));
  auto execute = [share, file, row_group]() -> arrow::Result<SchemaAndBatch> {
    ARROW_ASSIGN_OR_RAISE(const auto batch, share->access->ReadRowGroup(file, row_group));
    return LayOut(batch);
  };
  ARROW_RETURN_NOT_OK(
      Start(call.environment(), call[4],
            MakeOperation(share->cancel, std::move(execute), LendWithSchema{policy}),
            share->strand.get()));
  return call.env().Undefined();
}

CallResult RowsClose(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenRows>(call[0]));
  auto execute = [share]() -> arrow::Result<Nothing> {
    share->access->Close();
    return Nothing{};
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[1],
                            MakeOperation(share->cancel, std::move(execute), SettleNothing),
                            share->strand.get()));
  return call.env().Undefined();
}

}  // namespace packed::binding
