#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/table.h"
#include "gtest/gtest.h"
#include "parquet/metadata.h"

#include "packed/error.h"
#include "packed/storage.h"
#include "packed/writer.h"

namespace packed::testing {

/// A fresh directory that goes with the object.
class ScratchDir {
 public:
  ScratchDir();
  ~ScratchDir();
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;

  std::string File(const std::string& name) const { return path_ + "/" + name; }
  /// Names of all files and directories in it, hidden ones too.
  std::vector<std::string> Entries() const;

 private:
  std::string path_;
};

/// A file as plain Parquet sees it.
struct StoredFile {
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::shared_ptr<arrow::Table> table;

  std::string Key(const std::string& key) const;
  std::vector<int64_t> RowGroupRows() const;
};

StoredFile ReadBack(const std::string& path);
std::string ReadBytes(const std::string& path);

std::shared_ptr<arrow::Field> IdField(const std::string& name,
                                      std::shared_ptr<arrow::DataType> type, int64_t id,
                                      bool nullable = true);
std::shared_ptr<arrow::Array> Json(const std::shared_ptr<arrow::DataType>& type,
                                   const std::string& json);
std::shared_ptr<arrow::RecordBatch> BatchOf(const std::shared_ptr<arrow::Schema>& schema,
                                            arrow::ArrayVector columns);
std::shared_ptr<FileStore> LocalStore();

/// One group per entry of `columns`; file i is `<dir>/<i>`, group id i.
std::vector<ColumnGroup> GroupsOf(const ScratchDir& dir,
                                  const std::vector<std::vector<int>>& columns);

/// The code of a failure; kOk for success.
ErrorCode CodeOf(const arrow::Status& status);

/// Writes all batches as one group and returns the results; a failure is a test failure.
std::vector<GroupResult> WriteAll(const std::shared_ptr<arrow::Schema>& schema,
                                  const std::vector<ColumnGroup>& groups,
                                  const arrow::RecordBatchVector& batches,
                                  const WriterOptions& options = {});

/// `column` written alone and read back, in the stored type.
std::shared_ptr<arrow::Array> RoundTrip(const std::shared_ptr<arrow::Array>& column,
                                        const ColumnOptions& options = {});

}  // namespace packed::testing
