#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "arrow/buffer.h"

namespace packed {

/// \brief A sum of the bytes that are alive, of which whoever reads ahead has a bound. Decoders
/// let go of theirs on any thread and without a lock, and may outlive whoever sums.
class HeldBytes {
 public:
  /// Bytes that count until it ends.
  class Share {
   public:
    Share(std::shared_ptr<std::atomic<int64_t>> sum, int64_t bytes)
        : sum_(std::move(sum)), bytes_(bytes) {
      sum_->fetch_add(bytes_, std::memory_order_relaxed);
    }
    ~Share() { sum_->fetch_sub(bytes_, std::memory_order_relaxed); }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

   private:
    const std::shared_ptr<std::atomic<int64_t>> sum_;
    const int64_t bytes_;
  };

  std::unique_ptr<Share> Add(int64_t bytes) const { return std::make_unique<Share>(sum_, bytes); }
  int64_t sum() const { return sum_->load(std::memory_order_relaxed); }

  /// \brief `content`, which counts as `share` does until its last reader or slice is gone.
  static std::shared_ptr<arrow::Buffer> Attach(std::shared_ptr<arrow::Buffer> content,
                                               std::unique_ptr<Share> share) {
    return std::make_shared<Counted>(std::move(content), std::move(share));
  }

 private:
  class Counted final : public arrow::Buffer {
   public:
    Counted(std::shared_ptr<arrow::Buffer> content, std::unique_ptr<Share> share)
        : arrow::Buffer(content->data(), content->size()),
          share_(std::move(share)),
          content_(std::move(content)) {}

   private:
    const std::unique_ptr<Share> share_;  // ends after the content
    const std::shared_ptr<arrow::Buffer> content_;
  };

  std::shared_ptr<std::atomic<int64_t>> sum_ = std::make_shared<std::atomic<int64_t>>(0);
};

}  // namespace packed
