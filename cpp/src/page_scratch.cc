#include "page_scratch.h"

#include <array>
#include <cstddef>
#include <memory>

namespace packed {
namespace {

/// An ordinary page, which goes beyond its target by one value, and the worst that a codec makes
/// of it.
constexpr int64_t kMostBytes = 5 << 18;

struct Memory {
  std::unique_ptr<uint8_t[]> bytes;
};

}  // namespace

uint8_t* ScratchMemory(Scratch use, int64_t bytes) {
  // Plain memory of the C++ runtime: nothing of Arrow is touched when a thread ends.
  thread_local std::array<Memory, 2> memory;
  if (bytes > kMostBytes) return nullptr;
  auto& chosen = memory[static_cast<size_t>(use)].bytes;
  if (chosen == nullptr) chosen = std::make_unique_for_overwrite<uint8_t[]>(kMostBytes);
  return chosen.get();
}

}  // namespace packed
