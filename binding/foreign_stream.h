#pragma once

#include <memory>
#include <mutex>

#include "arrow/c/abi.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "c_structs.h"

namespace packed::binding {

/// \brief Reads an ArrowArrayStream of another library; calls of several threads wait for each
/// other.
///
/// Not arrow::ImportRecordBatchReader: that turns registered extension types into types that
/// apache-arrow does not have.
class ForeignStream {
 public:
  /// \brief Take the contents of `stream` over and ask for the schema.
  static arrow::Result<std::shared_ptr<ForeignStream>> Open(ArrowArrayStream* stream);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// \brief The next batch, null at the end. Calls the producer, which may block.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next() { return Next(schema_); }

  /// \brief The same under another schema of the same layout.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next(
      const std::shared_ptr<arrow::Schema>& schema);

 private:
  arrow::Status Check(int result);

  std::mutex reading_;
  CStruct<ArrowArrayStream, ArrowArrayStreamRelease> stream_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace packed::binding
