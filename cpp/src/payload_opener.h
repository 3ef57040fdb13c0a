#pragma once

#include <memory>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/payload.h"
#include "packed/storage.h"

namespace packed {

/// \brief Open every payload, several at a time, and join what they have: a column for each field
/// of `schema`, all rows. `options` give defaults, the rows where there are no payloads, and
/// limits.
arrow::Result<OpenedPayloads> JoinPayloads(const arrow::Schema& schema,
                                           std::vector<PayloadColumn> columns,
                                           const PayloadReaderOptions& options,
                                           std::shared_ptr<FileStore> store);

}  // namespace packed
