#include "raw_frame.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <utility>
#include <vector>

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

int64_t BlocksOf(int64_t content_bytes) {
  return std::max<int64_t>(1, (content_bytes + kBlockBytes - 1) / kBlockBytes);  // an empty one too
}

/// Bit 0 marks the last block, bits 1 and 2 are the type (0 = raw), the rest is the size.
uint8_t* StoreBlockHeader(uint8_t* out, int64_t size, bool last) {
  const uint32_t header =
      ToLittleEndian(static_cast<uint32_t>(size) << 3 | static_cast<uint32_t>(last));
  std::memcpy(out, &header, kBlockHeaderBytes);
  return out + kBlockHeaderBytes;
}

/// The frame but for its content: its own header and that of the first block, then the others.
std::vector<uint8_t> HeadersOf(int64_t content_bytes) {
  std::vector<uint8_t> headers(RawFrameBytes(content_bytes) - content_bytes);
  uint8_t* out = headers.data();
  SafeStore(out, ToLittleEndian(kMagic));
  out[4] = kDescriptor;
  SafeStore(out + 5, ToLittleEndian(static_cast<uint32_t>(content_bytes)));
  out += kFrameHeaderBytes;
  for (int64_t left = content_bytes; out != headers.data() + headers.size();) {
    const int64_t bytes = std::min(kBlockBytes, left);
    left -= bytes;
    out = StoreBlockHeader(out, bytes, left == 0);
  }
  return headers;
}

/// Calls visit(a header, a block) for every block of the content; `headers` as of HeadersOf.
template <typename Visit>
void ForEachBlock(uint8_t* headers, uint8_t* content, int64_t content_bytes, Visit&& visit) {
  int64_t header_bytes = kFrameHeaderBytes + kBlockHeaderBytes;
  for (int64_t blocks = BlocksOf(content_bytes); blocks > 0; --blocks) {
    const int64_t bytes = std::min(kBlockBytes, content_bytes);
    visit(std::span(headers, static_cast<size_t>(header_bytes)),
          std::span(content, static_cast<size_t>(bytes)));
    headers += header_bytes;
    content += bytes;
    content_bytes -= bytes;
    header_bytes = kBlockHeaderBytes;
  }
}

}  // namespace

int64_t RawFrameBytes(int64_t content_bytes) {
  return kFrameHeaderBytes + BlocksOf(content_bytes) * kBlockHeaderBytes + content_bytes;
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
  std::vector<uint8_t> headers = HeadersOf(size);
  ForEachBlock(headers.data(), const_cast<uint8_t*>(content.data()), size,
               [&](std::span<const uint8_t> header, std::span<const uint8_t> block) {
                 out = std::copy(header.begin(), header.end(), out);
                 if (!block.empty()) std::memcpy(out, block.data(), block.size());
                 out += block.size();
               });
  return frame;
}

arrow::Result<bool> ReadRawFrame(const ReadableFile& file, int64_t offset, int64_t frame_bytes,
                                 int64_t content_bytes, uint8_t* content) {
  if (content_bytes > std::numeric_limits<uint32_t>::max()) return false;
  if (frame_bytes != RawFrameBytes(content_bytes)) return false;
  const std::vector<uint8_t> expected = HeadersOf(content_bytes);
  std::vector<uint8_t> headers(expected.size());
  std::vector<std::span<uint8_t>> places;
  ForEachBlock(headers.data(), content, content_bytes,
               [&](std::span<uint8_t> header, std::span<uint8_t> block) {
                 places.push_back(header);
                 places.push_back(block);
               });
  ARROW_RETURN_NOT_OK(file.ReadScattered(offset, places));
  return headers == expected;
}

arrow::Result<bool> IsRawFrame(const ReadBytes& read, int64_t offset, int64_t frame_bytes,
                               int64_t content_bytes) {
  if (content_bytes > std::numeric_limits<uint32_t>::max()) return false;
  if (frame_bytes != RawFrameBytes(content_bytes)) return false;
  const std::vector<uint8_t> expected = HeadersOf(content_bytes);
  std::array<uint8_t, kFrameHeaderBytes + kBlockHeaderBytes> header;
  for (size_t at = 0, bytes = header.size(); at < expected.size(); at += bytes) {
    if (at > 0) bytes = kBlockHeaderBytes;
    ARROW_RETURN_NOT_OK(read(offset, static_cast<int64_t>(bytes), header.data()));
    if (std::memcmp(header.data(), expected.data() + at, bytes) != 0) return false;
    offset += static_cast<int64_t>(bytes) + kBlockBytes;
  }
  return true;
}

arrow::Status ReadRawPart(const ReadBytes& read, int64_t offset, int64_t first, int64_t size,
                          uint8_t* out) {
  while (size > 0) {
    const int64_t block = first / kBlockBytes;
    const int64_t bytes = std::min(size, (block + 1) * kBlockBytes - first);
    const int64_t headers = kFrameHeaderBytes + (block + 1) * kBlockHeaderBytes;
    ARROW_RETURN_NOT_OK(read(offset + headers + first, bytes, out));
    first += bytes;
    size -= bytes;
    out += bytes;
  }
  return arrow::Status::OK();
}

}  // namespace packed
