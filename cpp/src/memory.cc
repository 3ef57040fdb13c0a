#include "packed/memory.h"

#include "large_blocks.h"

namespace packed {

arrow::MemoryPool* Pool() {
  // Leaked: batches that JavaScript still holds give memory back after static destructors ran.
  static auto* blocks = new LargeBlockPool(arrow::default_memory_pool());
  static auto* pool = new arrow::ProxyMemoryPool(blocks);
  return pool;
}

}  // namespace packed
