#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow/result.h"
#include "arrow/status.h"
#include "arrow/table.h"

#include "packed/reader.h"

namespace packed {

/// \brief Reads the row groups of one file of a column group, one whole row group per call.
///
/// What reading single row groups through the public API stands on. Not thread-safe but for
/// the cancel token. Tables stay valid after the reader is gone.
class RowGroupReader {
 public:
  /// \brief Read the footer and decide what is read; no range is set yet.
  ///
  /// `batch_rows` and `batch_bytes` have no effect: the file decides where row groups end. Codes of
  /// quantized vectors come out as stored: their scales may be in another file.
  /// Files of layouts without field ids only say by their place among the paths which group
  /// they hold; here they are taken for the first.
  static arrow::Result<std::unique_ptr<RowGroupReader>> Open(const std::string& path,
                                                             ReaderOptions options,
                                                             std::shared_ptr<FileStore> store);
  ~RowGroupReader();

  /// Schema of every table: projected, missing fields nullable.
  const std::shared_ptr<arrow::Schema>& schema() const;
  const FileInfo& file() const;

  /// \brief Go on with row group `offset` and end after `count` of them.
  ///
  /// Drops what was read ahead of another range. A range that is empty or not within the file
  /// is kInvalidArgument and leaves the range as it was.
  arrow::Status SetRange(int64_t offset, int64_t count);

  /// \brief The next row group of the range; null after its end (again and again) and where no
  /// range was set.
  ///
  /// Always the row group whole, whatever `buffer_bytes` is; row groups after it are read ahead
  /// as long as they fit. A column has several chunks only where Arrow had to split it.
  arrow::Result<std::shared_ptr<arrow::Table>> ReadNext();

  /// \brief Stop read-ahead and close the file. Idempotent.
  ///
  /// Later reads are kClosed where the range has row groups left, so that a part is never taken
  /// for all of it, and null otherwise.
  void Close() noexcept;

 private:
  class Impl;
  explicit RowGroupReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace packed
