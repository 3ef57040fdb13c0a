#include "bloom_murmur.h"

#include <bit>
#include <cstring>

#include "arrow/util/endian.h"

namespace packed {
namespace {

constexpr size_t kBlockBytes = 16;
constexpr uint64_t kFactor1 = 0x87c37b91114253d5;
constexpr uint64_t kFactor2 = 0x4cf5ad432745937f;

struct State {
  uint64_t h1 = 0;
  uint64_t h2 = 0;
};

uint64_t Scramble1(uint64_t word) { return std::rotl(word * kFactor1, 31) * kFactor2; }
uint64_t Scramble2(uint64_t word) { return std::rotl(word * kFactor2, 33) * kFactor1; }

uint64_t Avalanche(uint64_t h) {
  h = (h ^ (h >> 33)) * 0xff51afd7ed558ccd;
  h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53;
  return h ^ (h >> 33);
}

uint64_t LoadWord(const char* bytes) {
  uint64_t word;
  std::memcpy(&word, bytes, sizeof(word));
  return arrow::bit_util::FromLittleEndian(word);
}

State MixBlock(State state, const char* block) {
  state.h1 ^= Scramble1(LoadWord(block));
  state.h1 = (std::rotl(state.h1, 27) + state.h2) * 5 + 0x52dce729;
  state.h2 ^= Scramble2(LoadWord(block + 8));
  state.h2 = (std::rotl(state.h2, 31) + state.h1) * 5 + 0x38495ab5;
  return state;
}

/// `rest` holds the bytes after the last whole block, then zeros, which change nothing.
State Finish(State state, const std::array<char, kBlockBytes>& rest, uint64_t length) {
  state.h1 ^= Scramble1(LoadWord(rest.data()));
  state.h2 ^= Scramble2(LoadWord(rest.data() + 8));
  state.h1 ^= length;
  state.h2 ^= length;
  state.h1 += state.h2;
  state.h2 += state.h1;
  state.h1 = Avalanche(state.h1);
  state.h2 = Avalanche(state.h2);
  state.h1 += state.h2;
  state.h2 += state.h1;
  return state;
}

}  // namespace

MurmurHash MurmurOf(std::string_view key) {
  State state;
  const char* bytes = key.data();
  const char* const end = bytes + key.size();
  for (; end - bytes >= static_cast<ptrdiff_t>(kBlockBytes); bytes += kBlockBytes) {
    state = MixBlock(state, bytes);
  }
  const auto left = static_cast<size_t>(end - bytes);
  std::array<char, kBlockBytes> rest{};
  if (left > 0) std::memcpy(rest.data(), bytes, left);
  const State plain = Finish(state, rest, key.size());

  rest[left] = 1;
  const State marked = left + 1 == kBlockBytes
                           ? Finish(MixBlock(state, rest.data()), {}, key.size() + 1)
                           : Finish(state, rest, key.size() + 1);
  return {plain.h1, plain.h2, marked.h1, marked.h2};
}

}  // namespace packed
