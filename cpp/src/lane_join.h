#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "constant_column.h"
#include "packed/batch_source.h"
#include "packed/cancel.h"
#include "projection.h"
#include "range_ahead.h"
#include "read_lane.h"

namespace packed {

/// What a join of lanes may hold and hand out.
struct JoinLimits {
  int64_t batch_rows = 0;    ///< most rows in one batch
  int64_t batch_bytes = 0;   ///< most decoded bytes in one batch (at least one row); 0 = no bound
  int64_t buffer_bytes = 0;  ///< decoded bytes held ahead of the caller
  int64_t ahead_bytes = 0;   ///< stored bytes of remote files held ahead of the decoders
  int64_t extra_row_bytes = 0;  ///< by which a row still grows before it is handed out
};

/// \brief Joins lanes of equally many rows into record batches.
///
/// Batches end where a step of any lane does, so columns are slices of decoded memory and never
/// concatenated. Files are decoded ahead on the pool, within the budget, and before that read
/// ahead where they are remote.
class LaneJoin final : public BatchSource {
 public:
  /// `columns` refer to lanes by their `file`, and to the outputs of every file of the lane by
  /// their `slot`. `meter` counts what is read.
  LaneJoin(std::shared_ptr<arrow::Schema> schema, std::vector<OutputColumn> columns,
           std::vector<LaneFiles> lanes, int64_t rows, JoinLimits limits,
           std::shared_ptr<FilterMeter> meter, CancelToken cancel);
  ~LaneJoin() override;

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() override;
  bool Ready() const override;
  void Close() noexcept override;

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> NextBatch();
  void ReadAhead();
  arrow::Result<arrow::ArrayVector> Gather(int64_t rows);
  arrow::Result<int64_t> FitRows(int64_t rows, arrow::ArrayVector* columns) const;

  const std::shared_ptr<arrow::Schema> schema_;
  const std::vector<OutputColumn> columns_;
  const int64_t rows_;
  const JoinLimits limits_;
  const std::shared_ptr<FilterMeter> meter_;
  const CancelToken cancel_;
  std::shared_ptr<RangeAhead> ahead_;  // null where no file is remote
  std::vector<ReadLane> lanes_;
  std::vector<ConstantColumn> constants_;  ///< by column; unused for those that have a lane
  int64_t position_ = 0;
  bool closed_ = false;
  arrow::Status failure_;
};

}  // namespace packed
