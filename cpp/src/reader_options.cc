#include "reader_options.h"

#include <cstdlib>
#include <limits>
#include <string>
#include <string_view>

#include "packed/error.h"

namespace packed {
namespace {

/// Stored, of a remote file: what a link of 1 GB/s carries in the time of one request of 64 ms.
constexpr int64_t kDefaultBufferBytes = 64 << 20;

arrow::Status CheckNumber(const char* option, int64_t value, int64_t least) {
  if (value >= least) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument, "Expected at least " + std::to_string(least) +
                                                    " for " + option + " but received " +
                                                    std::to_string(value));
}

}  // namespace

arrow::Status CheckReaderOptions(const ReaderOptions& options) {
  ARROW_RETURN_NOT_OK(CheckNumber("batch_rows", options.batch_rows, 1));
  return CheckNumber("batch_bytes", options.batch_bytes, 0);
}

int64_t BufferBytes(const ReaderOptions& options) {
  if (options.buffer_bytes < 0) return std::numeric_limits<int64_t>::max();
  return options.buffer_bytes > 0 ? options.buffer_bytes : kDefaultBufferBytes;
}

bool OwnPages(const ReaderOptions& options) {
  const char* const text = std::getenv("ARROW_PACKED_PAGE_READER");
  return options.own_pages && (text == nullptr || std::string_view(text) != "0");
}

}  // namespace packed
