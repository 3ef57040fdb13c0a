// Random filters over random files, beside the definition.

#include <algorithm>
#include <random>

#include "column_groups_fixture.h"
#include "filter_support.h"

namespace packed::test {
namespace {

using Numbers = std::vector<int64_t>;

class RandomFilterRead : public ColumnGroups, public ::testing::WithParamInterface<unsigned> {
 protected:
  RandomFilterRead()
      : random_(GetParam()), rows_(Draw(1, 900)), columns_(DrawColumns(&random_, rows_)) {}

  int64_t Draw(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random_);
  }

  std::string WriteColumns(const arrow::FieldVector& fields, const arrow::ArrayVector& arrays,
                           int64_t first, int64_t rows) {
    Numbers row_groups;
    for (int64_t left = rows; left > 0; left -= row_groups.back()) {
      row_groups.push_back(std::min(left, Draw(0, 3) == 0 ? 1 : Draw(1, 120)));
    }
    std::string path = dir_ / std::to_string(files_++);
    WritePlain(path, TableOf(fields, arrays)->Slice(first, rows), row_groups);
    return path;
  }

  /// The columns in three groups, each of one file or of several; the last one has row numbers.
  std::vector<FileGroup> WriteAll() {
    std::vector<FileGroup> groups(3);
    for (size_t g = 0; g < groups.size(); ++g) {
      arrow::FieldVector fields;
      arrow::ArrayVector arrays;
      for (size_t i = g; i < columns_.size(); i += groups.size()) {
        fields.push_back(arrow::field(columns_[i].name, columns_[i].type));
        arrays.push_back(ArrayOf(columns_[i]));
      }
      if (g == 2) {
        fields.push_back(arrow::field("row", arrow::int64()));
        arrays.push_back(Int64s(rows_));
      }
      for (int64_t first = 0; first < rows_;) {
        const int64_t count = Draw(0, 1) == 0 ? rows_ - first : Draw(1, rows_ - first);
        const int64_t before = std::min(first, Draw(0, 40));
        groups[g].files.push_back(
            {WriteColumns(fields, arrays, first - before, before + count), before, before + count});
        first += count;
      }
    }
    return groups;
  }

  ReaderOptions DrawOptions() {
    ReaderOptions options = Filtered(DrawFilter(&random_, columns_), {std::string("row")});
    if (Draw(0, 1) == 0) options.columns->emplace_back("text");
    if (Draw(0, 2) == 0) options.batch_rows = Draw(1, 50);
    if (Draw(0, 2) == 0) options.batch_bytes = Draw(1, 2000);
    if (Draw(0, 2) == 0) options.buffer_bytes = Draw(1, 4000);
    options.own_pages = Draw(0, 1) == 0;
    options.mmap = Draw(0, 1) == 0;
    return options;
  }

  std::mt19937 random_;
  const int64_t rows_;
  const std::vector<CellColumn> columns_;
};

TEST_P(RandomFilterRead, RowsAreThoseOfTheDefinition) {
  const auto groups = WriteAll();
  const auto remote = Requests();
  for (int i = 0; i < 25; ++i) {
    const ReaderOptions options = DrawOptions();
    const bool local = Draw(0, 3) > 0;
    const auto reader =
        PackedReader::Open(groups, options, local ? LocalStore() : remote).ValueOrDie();
    const auto table = ReadRest(*reader);
    ASSERT_TRUE(table.ok()) << table.status();
    const Numbers expected = RowsWhere(*options.filter, columns_);
    ASSERT_EQ(NumbersOf(**table, "row"), expected) << i;
    if (options.columns->size() > 1 && !expected.empty()) {
      CellColumn text = columns_[7];
      std::vector<Cell> cells;
      for (const int64_t row : expected) cells.push_back(text.cells[row]);
      text.cells = std::move(cells);
      EXPECT_TRUE(ColumnOf(**table, "text")->Equals(*ArrayOf(text)));
    }
    const FilterStats stats = reader->filter_stats();
    EXPECT_EQ(stats.rows_read + stats.rows_skipped, rows_);
    EXPECT_EQ(stats.rows_read - stats.rows_filtered, static_cast<int64_t>(expected.size()));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomFilterRead, ::testing::Range(0U, 16U));

}  // namespace
}  // namespace packed::test
