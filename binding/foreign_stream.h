#pragma once

#include <memory>

#include "arrow/c/abi.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "c_structs.h"

namespace packed::binding {

/// \brief Reads an ArrowArrayStream of another library. One thread at a time.
///
/// Not arrow::ImportRecordBatchReader: that turns registered extension types into types that
/// apache-arrow does not have.
class ForeignStream {
 public:
  /// \brief Take the contents of `stream` over and ask for the schema.
  static arrow::Result<std::shared_ptr<ForeignStream>> Open(ArrowArrayStream* stream);

  const std::shared_ptr<arrow::Schema>& schema() const { return schema_; }

  /// \brief The next batch, null at the end. Calls the producer, which may block.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Next();

 private:
  arrow::Status Check(int result);

  CStruct<ArrowArrayStream, ArrowArrayStreamRelease> stream_;
  std::shared_ptr<arrow::Schema> schema_;
};

}  // namespace packed::binding
