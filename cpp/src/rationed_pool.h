#pragma once

#include <cstdint>

#include "arrow/memory_pool.h"
#include "arrow/status.h"

#include "packed/cancel.h"

namespace packed {

/// \brief What this thread may allocate from RationedPool() while it lives.
///
/// Arrow's IPC goes from buffer to buffer and asks nobody in between but the pool. So this is where
/// a size that damaged bytes claim is refused, and where an abort is heard. Allocations are
/// counted, and what is given back is not: more than `bytes` are never held.
class Ration {
 public:
  Ration(int64_t bytes, CancelToken cancel);
  ~Ration();
  Ration(const Ration&) = delete;
  Ration& operator=(const Ration&) = delete;

  /// \brief kInvalidData where fewer bytes are left, kAborted once the flag is up. Of the Ration of
  /// this thread; without one anything goes.
  static arrow::Status Take(int64_t bytes);

 private:
  const int64_t bytes_;
  int64_t left_;
  const CancelToken cancel_;
  Ration* const outer_;
};

/// \brief Pool() for whoever has a Ration; buffers outlive it.
arrow::MemoryPool* RationedPool();

}  // namespace packed
