#pragma once

#include <cstdint>

#include "arrow/memory_pool.h"

namespace packed {

/// \brief The pool that every allocation of the core comes from, so that it can be counted.
///
/// A proxy over Arrow's default pool: `bytes_allocated` of it is ours alone, whatever else
/// in the process uses Arrow.
arrow::MemoryPool* Pool();

}  // namespace packed
