#include "keep_rows.h"

#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"

#include "packed/memory.h"

namespace packed {

arrow::Result<std::shared_ptr<arrow::RecordBatch>> KeepRows(
    const std::shared_ptr<arrow::RecordBatch>& batch,
    const std::shared_ptr<arrow::BooleanArray>& mask) {
  arrow::compute::ExecContext context(Pool());
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      auto kept, arrow::compute::Filter(arrow::Datum(batch), arrow::Datum(mask),
                                        arrow::compute::FilterOptions::Defaults(), &context));
  return kept.record_batch();
}

}  // namespace packed
