#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "footer.h"
#include "packed/batch_source.h"
#include "quantization_key.h"
#include "read_type.h"

namespace packed {

/// \brief What the footer key of a file says of its columns of codes, each with an entry of
/// `footer.columns` of that id.
///
/// kMetadataCorrupted or kNotSupported naming the file: a key that is none, columns of another
/// type.
arrow::Result<std::vector<QuantizedField>> QuantizedColumns(const Footer& footer);

/// \brief The type of the vectors that a read schema asks for: `requested` where it is one of
/// `dim` float32, null otherwise.
std::shared_ptr<arrow::DataType> DecodedType(const std::shared_ptr<arrow::DataType>& requested,
                                             int32_t dim);

/// \brief Decodes a column of codes by one scale.
Restore DequantizeBy(float scale, std::shared_ptr<arrow::DataType> type);

/// \brief `codes` decoded by the scale that `scales` has for each row; nulls are those of `codes`.
///
/// kFileCorrupted naming the field: a vector without a scale, or with one that is not finite.
arrow::Result<std::shared_ptr<arrow::Array>> DequantizeColumn(const arrow::Array& codes,
                                                              const arrow::Array& scales,
                                                              const arrow::Field& field);

/// \brief What is still to be done when codes and scales of all files are joined.
struct Dequantization {
  /// Positions in the joined batch.
  struct Column {
    int codes = 0;
    int scales = 0;
    std::shared_ptr<arrow::DataType> type;  ///< of the answer
  };
  std::vector<Column> columns;
  /// Of the answer: the first columns of the joined batch, decoded.
  std::shared_ptr<arrow::Schema> schema;
  /// By how much a row grows, at most.
  int64_t extra_row_bytes = 0;

  bool empty() const { return columns.empty(); }

  /// \brief Note the schema of the answer, whose columns are the first `count` of `joined`.
  void SetAnswer(const arrow::Schema& joined, int count);

  /// \brief A joined batch as the answer has it; itself where nothing is to be done.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& joined) const;
};

/// \brief A source that decodes what `inner` has joined.
std::unique_ptr<BatchSource> DequantizeSource(std::unique_ptr<BatchSource> inner,
                                              Dequantization dequantization);

}  // namespace packed
