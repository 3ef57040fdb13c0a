#include "visibility_handle.h"

#include <memory>
#include <utility>

#include "arrow/c/bridge.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "operation.h"
#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

/// Some deletes on their way: the batch as C data until the pool takes it over.
struct PendingDeletes {
  std::shared_ptr<Visibility> filter;
  std::shared_ptr<arrow::Schema> schema;
  OwnedArray array;
};

arrow::Result<Nothing> RunAdd(PendingDeletes& deletes) {
  ARROW_ASSIGN_OR_RAISE(const auto batch,
                        arrow::ImportRecordBatch(deletes.array.get(), deletes.schema));
  ARROW_RETURN_NOT_OK(deletes.filter->AddDeletes(*batch->column(0), *batch->column(1)));
  return Nothing{};
}

}  // namespace

arrow::Result<std::optional<VisibleRows>> ReadVisibility(Napi::Object options) {
  ARROW_ASSIGN_OR_RAISE(auto native, ReadOptional<Napi::Object>(options, "visibility"));
  if (!native.has_value()) return std::optional<VisibleRows>();
  VisibleRows visible;
  ARROW_ASSIGN_OR_RAISE(visible.filter, ReadHandle<Visibility>(*native, "filter"));
  ARROW_ASSIGN_OR_RAISE(const BigInteger key, ReadMember<BigInteger>(*native, "keyField"));
  ARROW_ASSIGN_OR_RAISE(const BigInteger timestamp,
                        ReadMember<BigInteger>(*native, "timestampField"));
  visible.key_field = key.value;
  visible.timestamp_field = timestamp.value;
  return std::optional<VisibleRows>(std::move(visible));
}

CallResult VisibilityNew(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const BigInteger timestamp, Read<BigInteger>(call[0], "readTimestamp"));
  return MakeHandle(call.env(), Visibility::Make(timestamp.value));
}

CallResult VisibilityAdd(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto filter, FromHandle<Visibility>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[1]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[2], "batch"));
  if (schema->num_fields() != 2) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected two columns, key and timestamp, for visibilityAdd but received " +
                         std::to_string(schema->num_fields()));
  }
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));
  auto settle = [memory = std::move(imported.memory)](Environment& environment,
                                                      Nothing) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return environment.env().Undefined();
  };
  auto execute = [deletes = PendingDeletes{std::move(filter), std::move(schema),
                                           std::move(imported.array)}]() mutable {
    return RunAdd(deletes);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(CancelToken(), std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

CallResult VisibilityStats(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto filter, FromHandle<Visibility>(call[0]));
  Napi::Object stats = Napi::Object::New(call.env());
  stats.Set("keys", static_cast<double>(filter->deleted_keys()));
  stats.Set("hiddenRows", static_cast<double>(filter->hidden_rows()));
  return stats;
}

}  // namespace packed::binding
