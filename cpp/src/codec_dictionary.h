#pragma once

#include <zstd.h>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "arrow/result.h"

#include "packed/codec.h"

namespace packed {

struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
  void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};

template <typename T>
using ZstdPointer = std::unique_ptr<T, FreeZstd>;

/// \brief What ZSTD makes of a dictionary before it uses it: once for decoders, and for encoders
/// once per level, when that is first asked for. Thread-safe.
struct CodecDictionary::Digests {
 public:
  explicit Digests(ByteView content) : bytes(content.begin(), content.end()) {}

  arrow::Result<const ZSTD_CDict*> ForLevel(int level);

  const std::vector<uint8_t> bytes;
  ZstdPointer<ZSTD_DDict> decoder;

 private:
  std::mutex mutex_;
  std::map<int, ZstdPointer<ZSTD_CDict>> encoders_;
};

}  // namespace packed
