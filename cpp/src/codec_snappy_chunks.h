#pragma once

#include <array>
#include <cstdint>

namespace packed {

// https://github.com/google/snappy/blob/main/framing_format.txt

/// The first byte of a chunk: what it is.
enum class SnappyChunk : uint8_t {
  kCompressed = 0x00,
  kStored = 0x01,
  kFirstReserved = 0x02,   ///< must be understood
  kFirstSkippable = 0x80,  ///< padding, and what somebody may add
  kIdentifier = 0xff,
};

/// The chunk that every stream begins with.
inline constexpr std::array<uint8_t, 10> kSnappyIdentifier{0xff, 0x06, 0x00, 0x00, 's',
                                                           'N',  'a',  'P',  'p',  'Y'};
inline constexpr int64_t kSnappyChunkHeaderBytes = 4;
inline constexpr int64_t kSnappyChecksumBytes = 4;
/// Content of a chunk at most.
inline constexpr int64_t kSnappyChunkBytes = 64 << 10;

/// \brief Header and checksum of a chunk of `bytes` bytes, the checksum among them, to `out`.
inline void StoreSnappyHeader(SnappyChunk type, int64_t bytes, uint32_t checksum, uint8_t* out) {
  *out++ = static_cast<uint8_t>(type);
  for (int shift = 0; shift < 24; shift += 8) *out++ = static_cast<uint8_t>(bytes >> shift);
  for (int shift = 0; shift < 32; shift += 8) *out++ = static_cast<uint8_t>(checksum >> shift);
}

}  // namespace packed
