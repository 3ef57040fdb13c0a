#include "counting_sink.h"

#include <algorithm>
#include <cstring>

#include "arrow/util/endian.h"
#include "arrow/util/ubsan.h"

namespace packed {

CountingSink::CountingSink(arrow::io::OutputStream* stream, std::atomic<int64_t>* total)
    : stream_(stream), total_(total) {
  set_mode(arrow::io::FileMode::WRITE);
}

arrow::Status CountingSink::Write(const void* data, int64_t nbytes) {
  if (stream_ == nullptr || nbytes == 0) return arrow::Status::OK();
  ARROW_RETURN_NOT_OK(stream_->Write(data, nbytes));
  position_ += nbytes;
  total_->fetch_add(nbytes, std::memory_order_relaxed);
  const auto kept = static_cast<size_t>(std::min<int64_t>(nbytes, tail_.size()));
  std::memmove(tail_.data(), tail_.data() + kept, tail_.size() - kept);
  std::memcpy(tail_.data() + tail_.size() - kept, static_cast<const uint8_t*>(data) + nbytes - kept,
              kept);
  return arrow::Status::OK();
}

arrow::Status CountingSink::Flush() {
  return stream_ == nullptr ? arrow::Status::OK() : stream_->Flush();
}

arrow::Status CountingSink::Close() {
  closed_ = true;
  return arrow::Status::OK();
}

int64_t CountingSink::FooterBytes() const {
  const auto length = arrow::util::SafeLoadAs<uint32_t>(tail_.data());
  return int64_t{arrow::bit_util::FromLittleEndian(length)} + static_cast<int64_t>(tail_.size());
}

}  // namespace packed
