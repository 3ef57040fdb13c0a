#include "crc32c.h"

#include <array>
#include <cstring>

#include "arrow/util/endian.h"

namespace packed {
namespace {

constexpr uint32_t kPolynomial = 0x82f63b78;  // Castagnoli's, its bits reversed
constexpr uint32_t kMask = 0xa282ead8;
/// Bytes that one round takes, each by a table of its own.
constexpr size_t kSlices = 8;

using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

constexpr Tables MakeTables() {
  Tables tables{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t slice = 1; slice < kSlices; ++slice) {
    for (uint32_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t MaskedCrc32c(ByteView bytes) {
  uint32_t crc = ~uint32_t{0};
  for (; bytes.size() >= kSlices; bytes = bytes.subspan(kSlices)) {
    uint64_t eight = 0;
    std::memcpy(&eight, bytes.data(), kSlices);
    eight = arrow::bit_util::FromLittleEndian(eight) ^ crc;
    crc = 0;
    for (size_t i = 0; i < kSlices; ++i) {
      crc ^= kTables[kSlices - 1 - i][(eight >> (8 * i)) & 0xff];
    }
  }
  for (const uint8_t byte : bytes) crc = (crc >> 8) ^ kTables[0][(crc ^ byte) & 0xff];
  crc = ~crc;
  return ((crc >> 15) | (crc << 17)) + kMask;
}

}  // namespace packed
