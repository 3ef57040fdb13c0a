#pragma once

#include <cstdint>

#include "packed/codec.h"

namespace packed {

/// \brief CRC-32C of `bytes` as snappy's framing format stores it: rotated, and a constant added.
uint32_t MaskedCrc32c(ByteView bytes);

}  // namespace packed
