#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace packed {

/// The four hashes of a basic filter: murmur3 x64-128 of the key, then of the key and a byte 1.
using MurmurHash = std::array<uint64_t, 4>;

MurmurHash MurmurOf(std::string_view key);

}  // namespace packed
