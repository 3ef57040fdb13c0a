#include "visibility_handle.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "operation.h"
#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

/// Deletes, or rows, on their way: the batch as C data until the pool takes it over.
struct PendingRows {
  std::shared_ptr<Visibility> filter;
  std::shared_ptr<arrow::Schema> schema;
  OwnedArray array;
};

/// One byte per row: 1 where it is visible.
arrow::Result<std::vector<uint8_t>> RunLook(PendingRows& rows) {
  ARROW_ASSIGN_OR_RAISE(const auto batch, arrow::ImportRecordBatch(rows.array.get(), rows.schema));
  const arrow::Status valid = batch->ValidateFull();
  if (!valid.ok()) return WithContext(valid, ErrorCode::kInvalidData, {});
  ARROW_ASSIGN_OR_RAISE(const auto mask, rows.filter->Look(*batch->column(0), *batch->column(1)));
  std::vector<uint8_t> visible(static_cast<size_t>(batch->num_rows()), 1);
  for (int64_t i = 0; mask && i < mask->length(); ++i) visible[i] = mask->Value(i) ? 1 : 0;
  return visible;
}

arrow::Result<Nothing> RunAdd(PendingRows& deletes) {
  ARROW_ASSIGN_OR_RAISE(const auto batch,
                        arrow::ImportRecordBatch(deletes.array.get(), deletes.schema));
  ARROW_RETURN_NOT_OK(deletes.filter->AddDeletes(*batch->column(0), *batch->column(1)));
  return Nothing{};
}

/// \brief Start `run(PendingRows&)` over a batch of key and timestamp, borrowed until it settles
/// with `deliver(Napi::Env, result)`.
template <typename Run, typename Deliver>
CallResult StartOver(const Call& call, Run run, Deliver deliver) {
  ARROW_ASSIGN_OR_RAISE(auto filter, FromHandle<Visibility>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[1]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[2], "batch"));
  if (schema->num_fields() != 2) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected two columns, key and timestamp, for visibility but received " +
                         std::to_string(schema->num_fields()));
  }
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));
  auto settle = [deliver, memory = std::move(imported.memory)](Environment& environment,
                                                               const auto& value) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return deliver(environment.env(), value);
  };
  auto execute = [run, rows = PendingRows{std::move(filter), std::move(schema),
                                          std::move(imported.array)}]() mutable {
    return run(rows);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(CancelToken(), std::move(execute), std::move(settle))));
  return call.env().Undefined();
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
  return StartOver(call, RunAdd, [](Napi::Env env, Nothing) { return env.Undefined(); });
}

CallResult VisibilityLook(const Call& call) {
  return StartOver(call, RunLook, [](Napi::Env env, const std::vector<uint8_t>& visible) {
    Napi::Uint8Array native = Napi::Uint8Array::New(env, visible.size());
    if (!native.IsEmpty()) std::copy(visible.begin(), visible.end(), native.Data());
    return native;
  });
}

CallResult VisibilityStats(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto filter, FromHandle<Visibility>(call[0]));
  Napi::Object stats = Napi::Object::New(call.env());
  stats.Set("keys", static_cast<double>(filter->deleted_keys()));
  stats.Set("hiddenRows", static_cast<double>(filter->hidden_rows()));
  return stats;
}

}  // namespace packed::binding
