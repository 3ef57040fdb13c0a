#pragma once

#include <map>
#include <memory>

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

  /// Several ArrayBuffers may start at one address, and many do where memory comes again and again.
  using Entries = std::multimap<const void*, Memory*>;

  /// \brief Enter `memory`, which must not move until Remove.
  Entries::iterator Add(const void* base, Memory* memory) { return entries_.emplace(base, memory); }

  /// \brief Not after ReleaseAll, which removes every entry.
  void Remove(Entries::iterator entry) { entries_.erase(entry); }

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
  Entries entries_;
};

}  // namespace packed::binding
