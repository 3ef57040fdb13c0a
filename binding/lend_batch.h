#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "arrow/result.h"

#include "batch_export.h"
#include "environment.h"
#include "napi_setup.h"

namespace packed::binding {

/// ReadPolicy of lib/native/addon.ts.
struct ReadPolicy {
  bool copy = false;
  int64_t max_outstanding_bytes = 0;
  int64_t credit_bytes = 0;  ///< the least LendingCredit; 0 = none
};

arrow::Result<ReadPolicy> ReadReadPolicy(Napi::Value value);

/// \brief Hand a batch to JavaScript as a NativeBatch. JS thread.
///
/// Wide buffers become ArrayBuffers over Arrow's memory, and so do blocks of narrow ones; all
/// others are packed into one ArrayBuffer that JavaScript owns. Parts of a mapped file become views
/// of ArrayBuffers over windows of it. Everything is copied where the policy says so, or when the
/// bytes that are lent already exceed its bound: garbage collection is late, and a caller who
/// keeps every batch shall get memory that counts as JavaScript's rather than wait for ever.
arrow::Result<Napi::Value> LendBatch(Environment& environment, const OutgoingBatch& batch,
                                     const ReadPolicy& policy);

/// \brief The first half of handing out the next batch of a source, on the pool; null at the end.
arrow::Result<std::optional<OutgoingBatch>> LayOutNext(
    const std::shared_ptr<arrow::RecordBatch>& batch);

/// The second half, on the JS thread: a NativeBatch, or null at the end.
struct LendNext {
  ReadPolicy policy;
  arrow::Result<Napi::Value> operator()(Environment& environment,
                                        std::optional<OutgoingBatch> batch) const;
};

}  // namespace packed::binding
