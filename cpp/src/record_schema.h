#pragma once

#include <memory>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace packed {

/// \brief Where in a record each field of `schema` is: same names, types and field ids, in any
/// order, and no others.
///
/// Types are the same where their buffers are and mean the same: an extension type counts as its
/// storage; names and flags of list items do not count. A field of the record without an id is
/// taken only where `lenient`; fields of `schema` without one ask for none. kInvalidSchema or
/// kTypeMismatch, naming the field.
arrow::Result<std::vector<int>> MatchRecord(const arrow::Schema& record,
                                            const arrow::Schema& schema, bool lenient);

/// \brief These columns as a batch of `schema`, without a copy.
std::shared_ptr<arrow::RecordBatch> TakeColumns(const arrow::RecordBatch& record,
                                                const std::vector<int>& columns,
                                                const std::shared_ptr<arrow::Schema>& schema);

}  // namespace packed
