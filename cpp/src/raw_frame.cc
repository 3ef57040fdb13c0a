#include "raw_frame.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>

#include "arrow/util/endian.h"
#include "arrow/util/ubsan.h"

#include "packed/memory.h"

namespace packed {
namespace {

using arrow::bit_util::ToLittleEndian;
using arrow::util::SafeStore;

constexpr uint32_t kMagic = 0xFD2FB528;
/// Content size in four bytes, and a window that is the content itself (RFC 8878, 3.1.1.1).
constexpr uint8_t kDescriptor = 0xA0;
constexpr int64_t kFrameHeaderBytes = 9;
constexpr int64_t kBlockHeaderBytes = 3;
/// The largest block that the format allows.
constexpr int64_t kBlockBytes = 128 << 10;

/// Bit 0 marks the last block, bits 1 and 2 are the type (0 = raw), the rest is the size.
void StoreBlockHeader(uint8_t* out, int64_t size, bool last) {
  const uint32_t header =
      ToLittleEndian(static_cast<uint32_t>(size) << 3 | static_cast<uint32_t>(last));
  std::memcpy(out, &header, kBlockHeaderBytes);
}

}  // namespace

int64_t RawFrameBytes(int64_t content_bytes) {
  const int64_t blocks =
      std::max<int64_t>(1, (content_bytes + kBlockBytes - 1) / kBlockBytes);  // an empty one too
  return kFrameHeaderBytes + blocks * kBlockHeaderBytes + content_bytes;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> MakeRawFrame(const arrow::Buffer& content) {
  const int64_t size = content.size();
  if (size > std::numeric_limits<uint32_t>::max()) {
    return arrow::Status::Invalid("Expected a page of less than 4 GiB but received ", size,
                                  " bytes");
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> frame,
                        arrow::AllocateBuffer(RawFrameBytes(size), Pool()));
  uint8_t* out = frame->mutable_data();
  SafeStore(out, ToLittleEndian(kMagic));
  out[4] = kDescriptor;
  SafeStore(out + 5, ToLittleEndian(static_cast<uint32_t>(size)));
  out += kFrameHeaderBytes;
  int64_t begin = 0;
  do {
    const int64_t bytes = std::min(kBlockBytes, size - begin);
    StoreBlockHeader(out, bytes, begin + bytes == size);
    if (bytes > 0) std::memcpy(out + kBlockHeaderBytes, content.data() + begin, bytes);
    out += kBlockHeaderBytes + bytes;
    begin += bytes;
  } while (begin < size);
  return frame;
}

}  // namespace packed
