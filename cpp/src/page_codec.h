#pragma once

#include <memory>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "packed/writer.h"

#include "page_zstd.h"

namespace packed {

/// How the pages of a column are compressed.
struct PageCompression {
  Codec codec;
  /// A page that a probe finds incompressible is stored inside a frame of the codec (ZSTD only),
  /// which every reader decodes at the speed of a copy.
  bool adaptive = false;
  ZstdSearch search{};  ///< of ZSTD only
};

/// \brief The page as it goes into the file. Depends on the page alone; any thread.
///
/// Shares the memory of `page` where nothing is compressed.
arrow::Result<std::shared_ptr<arrow::Buffer>> CompressPage(
    const PageCompression& compression, const std::shared_ptr<arrow::Buffer>& page);

}  // namespace packed
