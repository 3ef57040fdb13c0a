#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "arrow/stl_allocator.h"

#include "packed/memory.h"

namespace packed {

/// \brief The latest delete of every key: a hash table with open addressing in `Pool()` memory.
///
/// Segments have millions of deletes, so an entry is its key and a timestamp and nothing else.
/// `Key` is int64_t, or std::string_view, whose bytes are copied. One thread at a time, or any
/// number that only look up.
template <typename Key>
class LatestDeletes {
 public:
  /// \brief Note a delete. One at the least int64 is none: no row is before it.
  void Add(Key key, int64_t timestamp) {
    if (timestamp == kNone) return;
    if ((size_ + 1) * 2 > slots_.size()) Grow();
    Slot& slot = slots_[Find(key)];
    if (slot.timestamp == kNone) {
      slot.key = Keep(key);
      ++size_;
    }
    if (timestamp > slot.timestamp) slot.timestamp = timestamp;
  }

  /// The greatest timestamp of a delete of `key`; the least int64 without one.
  int64_t Latest(Key key) const { return slots_.empty() ? kNone : slots_[Find(key)].timestamp; }

  int64_t size() const { return static_cast<int64_t>(size_); }

 private:
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
  static constexpr size_t kLeastSlots = 16;
  static constexpr size_t kChunkBytes = 64 << 10;

  struct Slot {
    Key key{};
    int64_t timestamp = kNone;
  };
  template <typename T>
  using PoolVector = std::vector<T, arrow::stl::allocator<T>>;

  static size_t Hash(Key key) {
    if constexpr (std::is_same_v<Key, int64_t>) {
      // Keys in sequence must spread: the finalizer of MurmurHash3.
      auto hash = static_cast<uint64_t>(key);
      hash = (hash ^ (hash >> 33)) * 0xff51afd7ed558ccdULL;
      hash = (hash ^ (hash >> 33)) * 0xc4ceb9fe1a85ec53ULL;
      return hash ^ (hash >> 33);
    } else {
      return std::hash<Key>()(key);
    }
  }

  /// The slot of `key`, or the empty one where it belongs. There is always an empty one.
  size_t Find(Key key) const {
    const size_t mask = slots_.size() - 1;
    size_t index = Hash(key) & mask;
    while (slots_[index].timestamp != kNone && slots_[index].key != key) index = (index + 1) & mask;
    return index;
  }

  void Grow() {
    const size_t slots = slots_.empty() ? kLeastSlots : slots_.size() * 2;
    const auto old = std::exchange(slots_, PoolVector<Slot>(slots, Slot{}, Allocator<Slot>()));
    for (const Slot& slot : old) {
      if (slot.timestamp != kNone) slots_[Find(slot.key)] = slot;
    }
  }

  /// Numbers as they are; of text a copy that stays where it is.
  Key Keep(Key key) {
    if constexpr (std::is_same_v<Key, int64_t>) {
      return key;
    } else {
      if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < key.size()) {
        chunks_.emplace_back(Allocator<char>()).reserve(std::max(kChunkBytes, key.size()));
      }
      auto& chunk = chunks_.back();
      const size_t start = chunk.size();
      chunk.insert(chunk.end(), key.begin(), key.end());
      return Key(chunk.data() + start, key.size());
    }
  }

  template <typename T>
  static arrow::stl::allocator<T> Allocator() {
    return arrow::stl::allocator<T>(Pool());
  }

  PoolVector<Slot> slots_{Allocator<Slot>()};  ///< a power of two of them, at most half in use
  size_t size_ = 0;
  std::vector<PoolVector<char>> chunks_;
};

}  // namespace packed
