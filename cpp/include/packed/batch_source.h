#pragma once

#include <cstdint>
#include <memory>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace packed {

/// \brief A stream of record batches of one schema. One thread at a time.
///
/// Batches stay valid after the source is gone.
class BatchSource {
 public:
  virtual ~BatchSource() = default;

  virtual const std::shared_ptr<arrow::Schema>& schema() const = 0;

  /// \brief The next batch, or null at the end (again and again).
  virtual arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() = 0;

  /// \brief Whether the rows of the next batch are decoded: ReadNext would only cut them.
  virtual bool Ready() const { return false; }

  /// \brief Stop read-ahead and drop what is buffered. Idempotent; later reads are kClosed.
  virtual void Close() noexcept = 0;
};

}  // namespace packed
