#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow/api.h"
#include "gtest/gtest.h"
#include "parquet/properties.h"

#include "packed/error.h"
#include "packed/reader.h"
#include "temp_dir.h"

namespace packed::test {

/// What a test file is made of; the defaults give what the packed writer would make.
struct FileSpec {
  std::shared_ptr<arrow::Table> table;
  std::vector<int64_t> row_groups;                ///< rows of each; empty = all rows in one
  std::string groups;                             ///< group_field_id_list
  std::optional<std::string> row_group_metadata;  ///< unset = the truth, 1000 bytes each
  std::vector<std::pair<std::string, std::string>> more_keys;
  std::vector<std::string> leave_out;  ///< packed keys not to write
  std::shared_ptr<parquet::WriterProperties> properties;
  bool store_schema = false;
};

void WriteParquet(const std::string& path, const FileSpec& spec);

/// A field with a Parquet field id.
std::shared_ptr<arrow::Field> IdField(int64_t id, const std::string& name,
                                      std::shared_ptr<arrow::DataType> type, bool nullable = false);
std::shared_ptr<arrow::Array> Int64s(int64_t rows, int64_t first = 0, int64_t step = 1);
std::shared_ptr<arrow::Array> Strings(int64_t rows, const std::string& prefix = "s");
/// Just these values.
std::shared_ptr<arrow::Array> Longs(const std::vector<int64_t>& values);
std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values);
/// One column per field.
std::shared_ptr<arrow::Table> TableOf(arrow::FieldVector fields, arrow::ArrayVector columns);

/// Set in the environment where the tests of readers read through a RangeStore.
inline constexpr char kRangeStoreVariable[] = "PACKED_TEST_RANGE_STORE";

/// The local disk, unless the environment says otherwise.
std::shared_ptr<FileStore> LocalStore();
arrow::Result<std::unique_ptr<PackedReader>> OpenReader(std::vector<std::string> paths,
                                                        ReaderOptions options = {});
/// What a source has left; each batch is valid and has rows.
arrow::Result<std::shared_ptr<arrow::Table>> ReadRest(BatchSource& source);
/// Every batch until the end, which has to come twice.
arrow::Result<std::shared_ptr<arrow::Table>> ReadAll(PackedReader& reader);
arrow::Result<std::shared_ptr<arrow::Table>> ReadFiles(std::vector<std::string> paths,
                                                       ReaderOptions options = {});

/// One column of a table as one array.
std::shared_ptr<arrow::Array> ColumnOf(const arrow::Table& table, const std::string& name);

/// The checksum that `expected.json` defines, over the rows of a column in order.
std::string CanonicalChecksum(const arrow::ChunkedArray& column);

/// Passes when `status` has `code` and its message has every one of `parts`.
::testing::AssertionResult FailsWith(const arrow::Status& status, ErrorCode code,
                                     const std::vector<std::string>& parts = {});

}  // namespace packed::test
