#include "byte_split.h"

#include <algorithm>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace packed {
namespace {

/// Rows and bytes that are transposed at once.
constexpr int64_t kTile = 16;
/// Rows whose streams are written side by side, a cache line each.
constexpr int64_t kBlockRows = 64;
constexpr int64_t kBlockBytes = 64;
/// Bytes between rows from which on gathering them is worth it.
constexpr int64_t kFarApart = 1024;

#ifdef __SSE2__

/// One of four rounds: interleaving the upper with the lower half of the rows, bytewise, doubles
/// the length of what belongs together.
void Interleave(const __m128i* in, __m128i* out) {
  for (int i = 0; i < 8; ++i) {
    out[2 * i] = _mm_unpacklo_epi8(in[i], in[i + 8]);
    out[2 * i + 1] = _mm_unpackhi_epi8(in[i], in[i + 8]);
  }
}

void SplitTile(const uint8_t* values, int64_t width, uint8_t* out, int64_t rows) {
  __m128i a[kTile];
  __m128i b[kTile];
  for (int i = 0; i < kTile; ++i) {
    a[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(values + i * width));
  }
  Interleave(a, b);
  Interleave(b, a);
  Interleave(a, b);
  Interleave(b, a);
  for (int i = 0; i < kTile; ++i) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i * rows), a[i]);
  }
}

#else

void SplitTile(const uint8_t* values, int64_t width, uint8_t* out, int64_t rows) {
  for (int64_t i = 0; i < kTile; ++i) {
    for (int64_t j = 0; j < kTile; ++j) out[j * rows + i] = values[i * width + j];
  }
}

#endif

/// Gathers the bytes of a block first: rows that are a power of two apart share a few sets of a
/// cache, which 64 of them do not fit.
void SplitBlock(const uint8_t* values, int64_t width, int64_t block_rows, uint8_t* out,
                int64_t rows) {
  alignas(kBlockBytes) uint8_t near_by[kBlockRows * kBlockBytes];
  for (int64_t i = 0; i < block_rows; ++i) {
    std::memcpy(near_by + i * kBlockBytes, values + i * width, kBlockBytes);
  }
  for (int64_t j = 0; j < kBlockBytes; j += kTile) {
    for (int64_t i = 0; i < block_rows; i += kTile) {
      SplitTile(near_by + i * kBlockBytes + j, kBlockBytes, out + j * rows + i, rows);
    }
  }
}

}  // namespace

void SplitBytes(const uint8_t* values, int64_t rows, int64_t width, uint8_t* out) {
  const int64_t tiled_rows = rows / kTile * kTile;
  const int64_t tiled_width = width / kTile * kTile;
  for (int64_t block = 0; block < tiled_rows; block += kBlockRows) {
    const int64_t end = std::min(block + kBlockRows, tiled_rows);
    int64_t j = 0;
    if (width >= kFarApart) {
      for (; j + kBlockBytes <= tiled_width; j += kBlockBytes) {
        SplitBlock(values + block * width + j, width, end - block, out + j * rows + block, rows);
      }
    }
    for (; j < tiled_width; j += kTile) {
      for (int64_t i = block; i < end; i += kTile) {
        SplitTile(values + i * width + j, width, out + j * rows + i, rows);
      }
    }
  }
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = i < tiled_rows ? tiled_width : 0; j < width; ++j) {
      out[j * rows + i] = values[i * width + j];
    }
  }
}

}  // namespace packed
