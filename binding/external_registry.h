#pragma once

#include <memory>
#include <unordered_map>

#include "arrow/buffer.h"

namespace packed::binding {

/// \brief Which native memory stands behind the ArrayBuffers that one environment handed out.
///
/// A write that borrows such an ArrayBuffer holds the native memory itself, so that it stays
/// whatever JavaScript does with the buffer: transfer it, release the batch, end the worker.
/// JS thread only.
class ExternalRegistry {
 public:
  using Memory = std::shared_ptr<arrow::Buffer>;

  /// \brief Enter `memory`, which must not move until Remove.
  void Add(const void* base, Memory* memory) { entries_.emplace(base, memory); }

  void Remove(const void* base, Memory* memory) {
    const auto [first, last] = entries_.equal_range(base);
    for (auto entry = first; entry != last; ++entry) {
      if (entry->second == memory) {
        entries_.erase(entry);
        return;
      }
    }
  }

  /// Null for an ArrayBuffer of JavaScript's own.
  Memory Find(const void* base) const {
    const auto entry = entries_.find(base);
    return entry == entries_.end() ? nullptr : *entry->second;
  }

  /// \brief Let go of everything: JavaScript has ended and its finalizers need not come.
  void ReleaseAll() {
    for (const auto& [base, memory] : entries_) memory->reset();
    entries_.clear();
  }

 private:
  /// Several ArrayBuffers may start at one address.
  std::unordered_multimap<const void*, Memory*> entries_;
};

}  // namespace packed::binding
