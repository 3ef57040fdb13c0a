#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/key_set.h"
#include "packed/reader.h"

namespace packed {

/// Rows that have a key, and what was read to find them. Files without rows count for nothing.
struct KeyHits {
  FoundKeys found;  ///< rows ascend
  int64_t row_groups_read = 0;
  int64_t row_groups_skipped = 0;  ///< their statistics rule every key out
  int64_t files_read = 0;          ///< those with a row group that was read
  int64_t files_skipped = 0;
};

/// \brief Rows of the files of column groups by their positions, and row groups one by one.
///
/// It reads what it is asked for and nothing ahead, and has nothing to do with where a
/// PackedReader of the same files is. Not thread-safe but for the cancel token. Batches stay valid
/// after it is gone.
class RowAccess {
 public:
  /// \brief Read every footer and cross-check them, as PackedReader::Open does.
  ///
  /// `visible` is kNotSupported; limits of batches and budgets have no effect.
  static arrow::Result<std::unique_ptr<RowAccess>> Open(std::vector<std::string> paths,
                                                        ReaderOptions options,
                                                        std::shared_ptr<FileStore> store);
  /// \brief The same of column groups, as PackedReader::Open has them; but files are opened when a
  /// row of them is wanted.
  static arrow::Result<std::unique_ptr<RowAccess>> Open(std::vector<FileGroup> groups,
                                                        ReaderOptions options,
                                                        std::shared_ptr<FileStore> store);
  ~RowAccess();

  /// Projected, missing fields nullable.
  const std::shared_ptr<arrow::Schema>& schema() const;
  /// Rows that there are positions of.
  int64_t num_rows() const;

  /// \brief The rows at these positions, from 0 on, in this order and as often as they occur.
  ///
  /// Only row groups that hold one of them are touched, and of pages that own code decodes only
  /// those that do; of stored pages only the rows. A position that no row has is
  /// kInvalidArgument.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> Take(const std::vector<int64_t>& rows);

  /// \brief Positions of the rows whose value in a column of the answer (its position in `schema`)
  /// is in the set.
  ///
  /// Of row groups whose statistics do not rule every key out this column is decoded, and nothing
  /// else. kMetadataCorrupted for a column that no file has, kTypeMismatch for one of another type
  /// than the keys.
  arrow::Result<KeyHits> FindKeys(int64_t column, const KeySet& keys);

  /// \brief One row group of one file (its position among the paths), those columns of the answer
  /// that the file has. Of column groups: positions as in `files` of a PackedReader of the same
  /// groups and options; of a row group what is within the window.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadRowGroup(int64_t file, int64_t row_group);

  /// \brief Close the files. Idempotent; later calls are kClosed.
  void Close() noexcept;

 private:
  class Impl;
  explicit RowAccess(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace packed
