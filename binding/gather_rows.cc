#include "packed/gather_rows.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "lend_batch.h"
#include "operation.h"
#include "row_positions.h"
#include "values.h"

namespace packed::binding {
namespace {

/// Batches on their way, C data until the pool takes them over, and which of their rows.
struct PendingGather {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<OwnedArray> arrays;
  std::vector<int64_t> rows;

  arrow::Result<std::optional<OutgoingBatch>> Run() {
    arrow::RecordBatchVector batches;
    for (OwnedArray& array : arrays) {
      ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array.get(), schema));
      batches.push_back(std::move(batch));
    }
    ARROW_ASSIGN_OR_RAISE(const auto gathered, GatherRows(schema, batches, rows));
    return LayOutNext(gathered);
  }
};

}  // namespace

CallResult RowsGather(const Call& call) {
  PendingGather pending;
  ARROW_ASSIGN_OR_RAISE(pending.schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto batches, Read<Napi::Array>(call[1], "batches"));
  ARROW_ASSIGN_OR_RAISE(pending.rows, ReadPositions(call[2]));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[3]));
  std::vector<std::shared_ptr<BorrowedMemory>> memory;
  for (uint32_t i = 0; i < batches.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(batches.Get(i), "batches"));
    ARROW_ASSIGN_OR_RAISE(ImportedBatch imported, ImportFlatBatch(call.environment(), flat,
                                                                  *pending.schema, /*copy=*/false));
    pending.arrays.push_back(std::move(imported.array));
    memory.push_back(std::move(imported.memory));
  }
  auto settle = [memory = std::move(memory), lend = LendNext{policy}](
                    Environment& environment, std::optional<OutgoingBatch> batch) -> CallResult {
    for (const auto& borrowed : memory) ARROW_RETURN_NOT_OK(borrowed->CheckAttached());
    return lend(environment, std::move(batch));
  };
  auto execute = [pending = std::move(pending)]() mutable { return pending.Run(); };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[4],
                            MakeOperation(CancelToken(), std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

}  // namespace packed::binding
