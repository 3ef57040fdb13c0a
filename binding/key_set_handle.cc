#include "key_set_handle.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "operation.h"
#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

/// A column of keys on its way: C data until the pool takes it over.
struct PendingColumn {
  std::shared_ptr<arrow::Schema> schema;
  OwnedArray array;

  arrow::Result<std::shared_ptr<arrow::Array>> Take() {
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array.get(), schema));
    return batch->column(0);
  }
};

/// \brief Start `work(PendingColumn&)` over a batch of one column (arguments `first` and the next
/// one), borrowed until it settles with `deliver(Napi::Env, result)`.
template <typename Work, typename Deliver>
CallResult StartOverColumn(const Call& call, size_t first, const Work& work, Deliver deliver) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[first]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[first + 1], "batch"));
  if (schema->num_fields() != 1) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected one column of keys but received " +
                                                      std::to_string(schema->num_fields()) +
                                                      " columns");
  }
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));
  auto settle = [deliver, memory = std::move(imported.memory)](Environment& environment,
                                                               const auto& value) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return deliver(environment.env(), value);
  };
  auto execute = [work,
                  column = PendingColumn{std::move(schema), std::move(imported.array)}]() mutable {
    return work(column);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[first + 2],
                            MakeOperation(CancelToken(), std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

template <typename Native, typename Value>
Napi::Value NumbersOf(Napi::Env env, const std::vector<Value>& values) {
  using Element = std::remove_pointer_t<decltype(std::declval<Native>().Data())>;
  Native native = Native::New(env, values.size());
  if (native.IsEmpty()) return native;
  for (size_t i = 0; i < values.size(); ++i) native.Data()[i] = static_cast<Element>(values[i]);
  return native;
}

}  // namespace

Napi::Object FoundObject(Napi::Env env, const FoundKeys& found) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("rows", NumbersOf<Napi::Float64Array>(env, found.rows));
  native.Set("keys", NumbersOf<Napi::Int32Array>(env, found.keys));
  return native;
}

CallResult KeySetNew(const Call& call) {
  auto work = [](PendingColumn& column) -> arrow::Result<std::shared_ptr<KeySet>> {
    ARROW_ASSIGN_OR_RAISE(const auto keys, column.Take());
    return KeySet::Make(*keys);
  };
  return StartOverColumn(call, 0, work, [](Napi::Env env, const std::shared_ptr<KeySet>& keys) {
    return MakeHandle(env, keys);
  });
}

CallResult KeySetFind(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto keys, FromHandle<KeySet>(call[0]));
  auto work = [keys](PendingColumn& pending) -> arrow::Result<FoundKeys> {
    ARROW_ASSIGN_OR_RAISE(const auto column, pending.Take());
    const arrow::Status valid = column->ValidateFull();
    if (!valid.ok()) return WithContext(valid, ErrorCode::kInvalidData, {});
    FoundKeys found;
    ARROW_RETURN_NOT_OK(keys->Find(*column, 0, &found));
    return found;
  };
  return StartOverColumn(call, 1, work, FoundObject);
}

}  // namespace packed::binding
