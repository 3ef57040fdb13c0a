#include <cstdint>
#include <span>
#include <vector>

#include "packed/storage.h"

namespace packed {

arrow::Status ReadableFile::ReadScattered(int64_t offset,
                                          const std::vector<std::span<uint8_t>>& places) const {
  for (const auto& place : places) {
    const auto bytes = static_cast<int64_t>(place.size());
    ARROW_ASSIGN_OR_RAISE(const int64_t read, file()->ReadAt(offset, bytes, place.data()));
    if (read != bytes) {
      return arrow::Status::IOError("Expected ", bytes, " bytes at ", offset, " but received ",
                                    read);
    }
    offset += bytes;
  }
  return arrow::Status::OK();
}

}  // namespace packed
