#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/array.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/batch_source.h"

namespace packed {

/// \brief Which rows are there at a read timestamp, given the deletes of their keys.
///
/// A row is visible when row.ts <= read ts and row.ts is not strictly below the greatest
/// delete.ts <= read ts of its key. Thread-safe; a batch is judged by the deletes that were added
/// before, so those are added first.
class Visibility {
 public:
  static std::shared_ptr<Visibility> Make(int64_t read_timestamp);
  virtual ~Visibility() = default;

  /// \brief Add deletes: keys int64 or utf8 (one kind for all), timestamps int64, no nulls.
  ///
  /// Copies what it keeps into `Pool()`. kTypeMismatch or kInvalidData; then nothing was added.
  virtual arrow::Status AddDeletes(const arrow::Array& keys, const arrow::Array& timestamps) = 0;

  /// \brief True for every visible row; null where all are. Counts the others as hidden.
  ///
  /// kTypeMismatch for keys of another kind than the deletes', kInvalidData for nulls.
  virtual arrow::Result<std::shared_ptr<arrow::BooleanArray>> Judge(
      const arrow::Array& keys, const arrow::Array& timestamps) = 0;

  /// \brief The same without counting: for rows that nobody reads through this filter.
  virtual arrow::Result<std::shared_ptr<arrow::BooleanArray>> Look(
      const arrow::Array& keys, const arrow::Array& timestamps) const = 0;

  /// \brief The visible rows of `batch`: itself where all are, otherwise a copy in `Pool()`.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Apply(
      const std::shared_ptr<arrow::RecordBatch>& batch, int key_column, int timestamp_column);

  /// Keys that have a delete at or before the read timestamp.
  virtual int64_t deleted_keys() const = 0;
  /// Rows that were judged not visible so far, by all threads.
  virtual int64_t hidden_rows() const = 0;
};

/// What a reader needs in order to yield visible rows only.
struct VisibleRows {
  std::shared_ptr<Visibility> filter;
  int64_t key_field = 0;  ///< field ids; both are read, whether asked for or not
  int64_t timestamp_field = 0;
};

/// \brief A source that drops what is not visible, then keeps the columns `output` of `inner`,
/// in that order. Never yields a batch without rows.
std::unique_ptr<BatchSource> FilterVisible(std::unique_ptr<BatchSource> inner,
                                           std::shared_ptr<Visibility> visibility, int key_column,
                                           int timestamp_column, std::vector<int> output);

}  // namespace packed
