#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "packed/codec.h"

namespace packed {

/// Bytes that were made and did not find room yet.
class PendingBytes {
 public:
  bool empty() const { return given_ == bytes_.size(); }

  /// \brief Where more bytes are appended; only while it is empty.
  std::vector<uint8_t>* Refill() {
    bytes_.clear();
    given_ = 0;
    return &bytes_;
  }

  /// \brief Move what fits to `out`; how much that was.
  int64_t Give(ByteRoom out) {
    const size_t bytes = std::min(out.size(), bytes_.size() - given_);
    if (bytes > 0) std::memcpy(out.data(), bytes_.data() + given_, bytes);
    given_ += bytes;
    return static_cast<int64_t>(bytes);
  }

 private:
  std::vector<uint8_t> bytes_;
  size_t given_ = 0;
};

/// \brief An encoder of a format that is a header, blocks one after the other, and an end.
class BlockEncoder : public CodecStream {
 public:
  arrow::Result<Step> Run(ByteView in, bool last, ByteRoom out) final;

 protected:
  explicit BlockEncoder(size_t block_bytes) : block_bytes_(block_bytes) {}

  virtual void Begin(std::vector<uint8_t>* out) = 0;
  virtual arrow::Status Block(ByteView block, std::vector<uint8_t>* out) = 0;
  virtual void End(std::vector<uint8_t>* out) = 0;

 private:
  enum class State { kNew, kOpen, kEnded };

  const size_t block_bytes_;
  State state_ = State::kNew;
  std::vector<uint8_t> block_;
  PendingBytes pending_;
};

}  // namespace packed
