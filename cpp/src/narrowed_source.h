#pragma once

#include <memory>
#include <vector>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "packed/batch_source.h"

namespace packed {

/// \brief Some rows and columns of another source. Never yields a batch without rows; a failure
/// stays.
class NarrowedSource : public BatchSource {
 public:
  const std::shared_ptr<arrow::Schema>& schema() const final { return schema_; }
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() final;
  void Close() noexcept final { inner_->Close(); }

 protected:
  /// `output`: the columns of `inner` that come out, in this order.
  NarrowedSource(std::unique_ptr<BatchSource> inner, std::vector<int> output);

  /// \brief Which rows of a batch of `inner` come out, without nulls; null = all of them.
  virtual arrow::Result<std::shared_ptr<arrow::BooleanArray>> Judge(
      const arrow::RecordBatch& batch) = 0;

 private:
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> NextKept();

  const std::unique_ptr<BatchSource> inner_;
  const std::vector<int> output_;
  std::shared_ptr<arrow::Schema> schema_;
  arrow::Status failure_;
};

/// \brief Columns of a batch by their positions.
arrow::ArrayVector ChooseColumns(const arrow::RecordBatch& batch, const std::vector<int>& places);

}  // namespace packed
