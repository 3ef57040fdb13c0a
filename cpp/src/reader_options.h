#pragma once

#include <cstdint>

#include "arrow/status.h"

#include "packed/reader.h"

namespace packed {

/// \brief Refuse numbers that no reader can work with.
arrow::Status CheckReaderOptions(const ReaderOptions& options);

/// `buffer_bytes` with its default in place of 0: decoded bytes ahead of the caller, and stored
/// ones of remote files ahead of the decoders.
int64_t BufferBytes(const ReaderOptions& options);

/// \brief Whether own code decodes the pages that it knows: not where the options or
/// ARROW_PACKED_PAGE_READER=0 in the environment say that everything is Arrow's.
bool OwnPages(const ReaderOptions& options);

}  // namespace packed
