#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/api.h"
#include "gtest/gtest.h"

#include "packed/reader.h"
#include "range_store.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {

/// Rows [first, first + rows) of every column that the tests know: id, ts, text and v.
std::shared_ptr<arrow::Array> Values(const std::string& name, int64_t first, int64_t rows);

/// The field of such a column, with its id.
std::shared_ptr<arrow::Field> FieldOf(const std::string& name);

std::shared_ptr<arrow::Table> TableOfRows(const std::vector<std::string>& names, int64_t first,
                                          int64_t rows);

/// Without a packed key.
void WritePlain(const std::string& path, std::shared_ptr<arrow::Table> table,
                std::vector<int64_t> row_groups = {});

/// Files of columns in a directory, and readers of groups of them.
class ColumnGroups : public ::testing::Test {
 protected:
  /// Requests that nobody waits for any more must not go on beside the end of the process, when
  /// Arrow's memory is gone.
  void TearDown() override {
    for (const auto& store : stores_) EXPECT_TRUE(store->AwaitNoOpenFiles());
  }

  /// A store of requests that is looked at when the test ends.
  std::shared_ptr<RangeStore> Requests() {
    return stores_.emplace_back(std::make_shared<RangeStore>());
  }

  /// A plain Parquet file of the rows, some row groups long.
  std::string Write(const std::vector<std::string>& names, int64_t first, int64_t rows,
                    std::vector<int64_t> row_groups = {});

  static arrow::Result<std::shared_ptr<arrow::Table>> ReadGroups(
      std::vector<FileGroup> groups, ReaderOptions options = {},
      const std::shared_ptr<FileStore>& store = LocalStore());

  static void ExpectRows(const arrow::Table& table, const std::vector<std::string>& names,
                         int64_t first, int64_t rows);

  TempDir dir_;
  int files_ = 0;
  std::vector<std::shared_ptr<RangeStore>> stores_;
};

}  // namespace packed::test
