#pragma once

#include <memory>

#include "arrow/buffer.h"

namespace packed {

/// \brief The mapping of a whole file that `buffer` is, or is a part of; null where it is memory.
///
/// Private and writable: what is written there reaches no file.
std::shared_ptr<arrow::Buffer> MappingOf(const std::shared_ptr<arrow::Buffer>& buffer);

}  // namespace packed
