#include "packed/memory.h"

namespace packed {

arrow::MemoryPool* Pool() {
  // Leaked: batches that JavaScript still holds give memory back after static destructors ran.
  static auto* pool = new arrow::ProxyMemoryPool(arrow::default_memory_pool());
  return pool;
}

}  // namespace packed
