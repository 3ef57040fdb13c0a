#pragma once

#include <memory>

#include "arrow/result.h"
#include "arrow/type_fwd.h"

#include "borrowed_memory.h"
#include "c_structs.h"
#include "napi_setup.h"

namespace packed::binding {

/// A batch of JavaScript as C data, and what keeps its memory.
struct ImportedBatch {
  OwnedArray array;
  std::shared_ptr<BorrowedMemory> memory;
};

/// \brief Build the ArrowArray tree of a FlatBatch over JavaScript's own memory. JS thread.
///
/// Wide buffers are lent; small, misaligned, shared, resizable ones and dictionaries are copied
/// into one native allocation, with `copy` everything is. The array may be imported, exported
/// and released on any thread. Lengths are checked against `schema` here, values are not.
/// Fails with kInvalidData naming the field when a buffer is too short, or kDetached.
arrow::Result<ImportedBatch> ImportFlatBatch(Environment& environment, Napi::Object batch,
                                             const arrow::Schema& schema, bool copy);

/// \brief The same, down to an Arrow batch; for the few callers that need one on the JS thread.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ImportAsRecordBatch(
    Environment& environment, Napi::Object batch, const std::shared_ptr<arrow::Schema>& schema,
    bool copy);

}  // namespace packed::binding
