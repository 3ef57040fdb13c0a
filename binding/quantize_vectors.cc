#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"

#include "batch_import.h"
#include "call.h"
#include "give_bytes.h"
#include "handle_kinds.h"
#include "operation.h"
#include "packed/error.h"
#include "packed/quantize.h"
#include "values.h"

namespace packed::binding {
namespace {

/// Columns on their way: C data until the pool takes it over.
struct PendingColumns {
  std::shared_ptr<arrow::Schema> schema;
  OwnedArray array;

  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Take() {
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array.get(), schema));
    ARROW_RETURN_NOT_OK(batch->ValidateFull());
    return batch;
  }
};

struct ScaleChoice {
  ScaleRule rule = ScaleRule::kVector;
  float scale = 0;
};

arrow::Result<ScaleChoice> ReadScale(Napi::Value value) {
  if (value.IsNumber()) {
    return ScaleChoice{ScaleRule::kGiven, value.As<Napi::Number>().FloatValue()};
  }
  ARROW_ASSIGN_OR_RAISE(const auto name, Read<std::string>(value, "scale"));
  if (name == "vector") return ScaleChoice{ScaleRule::kVector, 0};
  if (name == "segment") return ScaleChoice{ScaleRule::kSegment, 0};
  return Unexpected("'vector', 'segment' or a number", "scale", value);
}

arrow::Status CheckColumns(const arrow::Schema& schema, int most) {
  if (schema.num_fields() >= 1 && schema.num_fields() <= most) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument, "Expected 1 to " + std::to_string(most) +
                                                    " columns but received " +
                                                    std::to_string(schema.num_fields()));
}

/// \brief Start `work(batch)` over a batch that is borrowed until it settles with
/// `deliver(Environment&, result)`.
template <typename Work, typename Deliver>
CallResult StartOver(const Call& call, int most_columns, size_t flag, Work work, Deliver deliver) {
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[1], "batch"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[flag]));
  ARROW_RETURN_NOT_OK(CheckColumns(*schema, most_columns));
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));
  auto settle = [deliver, memory = std::move(imported.memory)](Environment& environment,
                                                               const auto& value) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return deliver(environment, value);
  };
  using Value = typename std::invoke_result_t<Work, const arrow::RecordBatch&, const CancelToken&>;
  auto execute =
      [work, cancel = *token,
       columns = PendingColumns{std::move(schema), std::move(imported.array)}]() mutable -> Value {
    ARROW_ASSIGN_OR_RAISE(const auto batch, columns.Take());
    return work(*batch, cancel);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[flag + 1],
                            MakeOperation(*token, std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

CallResult GiveVectors(Environment& environment, const QuantizedVectors& vectors) {
  Napi::Object native = Napi::Object::New(environment.env());
  ARROW_ASSIGN_OR_RAISE(const auto codes, GiveBytes(environment, vectors.codes));
  ARROW_ASSIGN_OR_RAISE(const auto scales, GiveBytes(environment, vectors.scales));
  if (codes.IsEmpty() || scales.IsEmpty()) return codes;
  native.Set("codes", codes);
  native.Set("scales", scales);
  native.Set("maxError", vectors.max_error);
  return native;
}

}  // namespace

CallResult QuantizeVectorsOf(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const ScaleChoice choice, ReadScale(call[2]));
  auto work = [choice](const arrow::RecordBatch& batch, const CancelToken& cancel) {
    return QuantizeVectors(*batch.column(0), choice.rule, choice.scale, cancel);
  };
  return StartOver(call, 1, 3, work, GiveVectors);
}

CallResult DequantizeVectorsOf(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto scale, Read<double>(call[2], "scale"));
  auto work = [scale](const arrow::RecordBatch& batch, const CancelToken& cancel) {
    const auto scales = batch.num_columns() > 1 ? batch.column(1) : nullptr;
    return DequantizeVectors(*batch.column(0), scales.get(), static_cast<float>(scale), cancel);
  };
  return StartOver(call, 2, 3, work, GiveBytes);
}

}  // namespace packed::binding
