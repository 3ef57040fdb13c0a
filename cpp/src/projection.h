#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/scalar.h"
#include "arrow/type.h"

#include "dequantize.h"
#include "group_map.h"
#include "read_type.h"

namespace packed {

/// One output column that a file provides.
struct RestoredColumn {
  int decoded = 0;  ///< position among the columns that are decoded of the file
  std::shared_ptr<arrow::Field> field;
  Restore restore;
  std::optional<QuantizedField> quantized;  ///< the codes of vectors that are decoded
};

/// What is decoded of one file.
struct FileProjection {
  std::shared_ptr<const Footer> footer;
  std::vector<int> columns;  ///< top-level positions, ascending
  std::vector<int> leaves;   ///< every Parquet column under them, ascending
  std::vector<RestoredColumn> outputs;
  bool own_pages = false;  ///< pages that own code knows are decoded by it
};

/// Where an output column comes from: a file's projection, or a value that repeats.
struct OutputColumn {
  int file = -1;  ///< position in Projection::files; -1 = no file has the field
  int slot = -1;  ///< position in FileProjection::outputs
  std::shared_ptr<arrow::Scalar> value;  ///< default of a field without a file, possibly null
};

struct Projection {
  std::shared_ptr<arrow::Schema> schema;  ///< of `columns`, before vectors are decoded
  std::vector<OutputColumn> columns;
  std::vector<std::shared_ptr<const FileProjection>> files;  ///< only those that are needed
  Dequantization dequantization;  ///< its scales stand between the answer and what is appended
};

/// Columns that are read besides those of the answer, and come behind them.
struct AppendedColumns {
  /// By name: fields of the read schema, or of the files where it does not have them.
  std::vector<std::string> named;
  /// By field id, as stored; behind the others.
  std::vector<int64_t> stored;
};

/// \brief Decide what is read from where, and refuse what cannot be.
///
/// Behind what `options` ask for come the columns `appended`, even where they are among the others:
/// columns that are read twice are decoded once.
arrow::Result<Projection> MakeProjection(const FileSet& set, const ReaderOptions& options,
                                         const AppendedColumns& appended = {});

}  // namespace packed
