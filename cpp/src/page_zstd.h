#pragma once

#include <cstdint>
#include <optional>

#include "arrow/result.h"

#include "packed/codec.h"

namespace packed {

/// Pages are made and read by the thousand. The ZSTD that the core is linked with keeps a context
/// per thread, where Arrow's makes one for each page, and decodes Huffman codes in assembly.

/// How the fast levels look for repeats, where that is not as the level has it.
struct ZstdSearch {
  int min_match = 0;  ///< bytes of the shortest repeat; 0 = the level's
  int hash_log = 0;   ///< of the places that are remembered; 0 = the level's
};

/// The most bytes that a frame of a page of `bytes` takes.
int64_t ZstdPageBound(int64_t bytes);

/// \brief One frame that says its size, without a checksum: what Arrow's own writer makes. Its
/// length in `out`, which has room for the bound.
arrow::Result<int64_t> ZstdCompressPage(int level, const ZstdSearch& search, ByteView page,
                                        ByteRoom out);

/// \brief All frames of `bytes`; how much they are. None where they are damaged or more than
/// `out` has room for: another decoder says what is wrong.
std::optional<int64_t> ZstdDecompressPage(ByteView bytes, ByteRoom out);

}  // namespace packed
