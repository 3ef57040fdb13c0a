#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "bloom_murmur.h"
#include "bloom_size.h"
#include "packed/bloom.h"

namespace packed {

/// \brief The bits of a blocked filter: all bits of a key lie in one cache line.
class BlockedBits {
 public:
  using Hash = uint64_t;

  static arrow::Result<BlockedBits> Make(const BloomSize& size);
  static arrow::Result<BlockedBits> Load(const BloomParts& parts);
  BloomParts Save() const;

  static Hash HashOf(std::string_view key);
  void Prefetch(Hash hash) const { __builtin_prefetch(BlockOf(hash), 1); }
  void Set(Hash hash);
  bool Has(Hash hash) const;

 private:
  uint32_t* BlockOf(Hash hash) const;

  std::shared_ptr<arrow::Buffer> memory_;
  uint32_t* words_ = nullptr;
  uint64_t blocks_ = 0;
  uint32_t k_ = 0;
};

/// \brief The bits of a basic filter: those of a key lie anywhere.
class BasicBits {
 public:
  using Hash = MurmurHash;

  static arrow::Result<BasicBits> Make(const BloomSize& size);
  static arrow::Result<BasicBits> Load(const BloomParts& parts);
  BloomParts Save() const;

  static Hash HashOf(std::string_view key) { return MurmurOf(key); }
  void Prefetch(const Hash&) const {}
  void Set(const Hash& hash);
  bool Has(const Hash& hash) const;

 private:
  uint64_t Position(const Hash& hash, uint64_t i) const;

  std::shared_ptr<arrow::Buffer> memory_;
  uint64_t* words_ = nullptr;
  uint64_t bits_ = 0;
  uint64_t k_ = 0;
};

}  // namespace packed
