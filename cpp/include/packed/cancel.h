#pragma once

#include <atomic>
#include <memory>

#include "arrow/status.h"

namespace packed {

/// \brief A flag that any thread may raise and the core polls.
///
/// Polled between row groups, column chunks and, where own code decodes, pages, never inside one,
/// so the latency of an abort is bounded by the encoding or decoding of one column chunk.
class CancelToken {
 public:
  CancelToken() : raised_(std::make_shared<std::atomic<bool>>(false)) {}

  void Cancel() const { raised_->store(true, std::memory_order_release); }
  bool cancelled() const { return raised_->load(std::memory_order_acquire); }

  /// \brief kAborted once the flag is up, OK before.
  arrow::Status Check() const;

 private:
  std::shared_ptr<std::atomic<bool>> raised_;
};

}  // namespace packed
