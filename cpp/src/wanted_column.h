#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"
#include "arrow/type.h"

#include "dequantize.h"
#include "group_map.h"
#include "packed/reader.h"

namespace packed {

/// A field of the answer and where it is stored (nowhere: source.file < 0).
struct WantedColumn {
  std::shared_ptr<arrow::Field> field;
  std::optional<int64_t> id;
  ColumnSource source;
  /// Codes that come out as vectors of float32.
  std::optional<QuantizedField> quantized;
};

/// \brief Decide which codes come out as vectors, with which type.
///
/// A column with one scale has then the type of the answer. A column whose vectors have their own
/// scales keeps that of the codes until the files are joined: its scales are appended to `fields`,
/// and what is left to do is in the result. Without a schema and `columns`, scales that decode are
/// no fields of the answer. kInvalidArgument where the scales are in a group of
/// which no path was given; kMetadataCorrupted.
arrow::Result<Dequantization> TakeQuantized(const FileSet& set, const ReaderOptions& options,
                                            std::vector<WantedColumn>* fields);

}  // namespace packed
