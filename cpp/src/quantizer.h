#pragma once

#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/cancel.h"
#include "packed/quantize.h"
#include "quantization_key.h"

namespace packed {

/// \brief Turns the batches of a writer's caller into those that are stored. One thread at a time.
class Quantizer {
 public:
  /// Checks as QuantizedSchema says.
  static arrow::Result<std::unique_ptr<Quantizer>> Make(std::shared_ptr<arrow::Schema> schema,
                                                        std::vector<QuantizeField> fields);

  /// Of the caller's batches, and of those that are stored.
  const std::shared_ptr<arrow::Schema>& input() const { return input_; }
  const std::shared_ptr<arrow::Schema>& stored() const { return stored_; }

  /// \brief Whether a batch can be quantized, the numbers of its vectors aside.
  ///
  /// kInvalidArgument or kTypeMismatch for another schema, kInvalidData naming field and row for
  /// nulls in a required field, vectors of another length, bad Arrow data.
  arrow::Status CheckShape(const arrow::RecordBatch& batch) const;

  /// \brief The same for the numbers: kInvalidData naming field and row for values that are not
  /// finite or beyond the bound. Looks at `step` rows at a time.
  arrow::Status CheckNumbers(const arrow::RecordBatch& batch, int64_t step,
                             const CancelToken& cancel, int concurrency) const;

  /// \brief The columns of a checked batch that are stored as they are, in the order of `stored()`;
  /// null for the others.
  arrow::ArrayVector Unchanged(const arrow::RecordBatch& batch) const;

  /// \brief Rows of a checked batch as they are stored: codes and scales in `Pool()`, other columns
  /// as they are. Errors as CheckNumbers.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Apply(const arrow::RecordBatch& batch,
                                                           const CancelToken& cancel,
                                                           int concurrency);

  /// Bytes of the codes and scales of one row.
  int64_t row_bytes() const { return row_bytes_; }

  /// \brief The rows of the last Apply are part of the file: their errors count.
  void Accept();

  /// \brief The value of `kQuantizationKey` for all rows that were accepted.
  std::string Describe() const { return SerializeQuantization(described_); }

 private:
  /// One column that is stored.
  struct Column {
    enum class Kind { kInput, kCodes, kScales };
    Kind kind;
    int index;  ///< of the column of the input, or in fields_
  };
  struct Field {
    QuantizeField options;
    int column = 0;  ///< of the vectors, in the input
    int32_t dim = 0;
    float scale = 0;      ///< of all vectors, where there is a bound
    float max_error = 0;  ///< of the last Apply
  };
  struct Quantized;

  explicit Quantizer(std::shared_ptr<arrow::Schema> schema) : input_(std::move(schema)) {}
  arrow::Status Add(QuantizeField options);
  arrow::Status CheckId(const Field& field, int64_t id, const char* what) const;
  void Plan();
  arrow::Result<Quantized> Quantize(Field* field, const arrow::Array& column,
                                    const CancelToken& cancel, int concurrency) const;
  static arrow::Result<std::shared_ptr<arrow::ArrayData>> DenseRows(const Field& field,
                                                                    const arrow::Array& column);

  const std::shared_ptr<arrow::Schema> input_;
  std::shared_ptr<arrow::Schema> stored_;
  std::vector<int64_t> input_ids_;
  std::vector<Field> fields_;
  int64_t row_bytes_ = 0;
  std::vector<Column> columns_;  ///< in the order of stored_
  std::vector<QuantizedField> described_;
};

}  // namespace packed
