// Random column groups of several files, read as a model says.

#include <algorithm>
#include <functional>
#include <map>
#include <random>

#include "arrow/compute/api_vector.h"
#include "arrow/datum.h"

#include "column_groups_fixture.h"
#include "packed/row_access.h"

namespace packed::test {
namespace {

/// Files of one group that cover the rows, each with rows around its window.
std::vector<FileWindow> DrawFiles(
    std::mt19937* random, int64_t rows,
    const std::function<std::string(int64_t, int64_t, std::vector<int64_t>)>& write) {
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(*random);
  };
  std::vector<FileWindow> files;
  for (int64_t first = 0; first < rows;) {
    const int64_t count = std::min(rows - first, draw(1, 400));
    const int64_t before = draw(0, 2) == 0 ? std::min<int64_t>(first, draw(1, 250)) : 0;
    const int64_t after = draw(0, 2) == 0 ? draw(1, 250) : 0;
    const int64_t all = before + count + after;
    std::vector<int64_t> row_groups;
    for (int64_t left = all; left > 0; left -= row_groups.back()) {
      row_groups.push_back(std::min(left, draw(0, 3) == 0 ? 1 : draw(1, 200)));
    }
    FileWindow window;
    window.path = write(first - before, all, std::move(row_groups));
    window.start = before;
    if (after > 0 || draw(0, 1) == 0) window.end = before + count;
    files.push_back(std::move(window));
    first += count;
  }
  return files;
}

class RandomGroups : public ColumnGroups, public ::testing::WithParamInterface<unsigned> {
 protected:
  void ExpectTaken(RowAccess& access, const std::vector<int64_t>& rows,
                   const std::vector<std::string>& names, int64_t total) {
    arrow::Int64Builder builder;
    ASSERT_TRUE(builder.AppendValues(rows).ok());
    const auto taken = access.Take(rows);
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_TRUE((*taken)->ValidateFull().ok());
    const auto expected = arrow::compute::Take(arrow::Datum(TableOfRows(names, 0, total)),
                                               arrow::Datum(builder.Finish().ValueOrDie()))
                              .ValueOrDie()
                              .table();
    for (const auto& name : names) {
      EXPECT_TRUE((*taken)->GetColumnByName(name)->Equals(ColumnOf(*expected, name))) << name;
    }
  }
};

TEST_P(RandomGroups, ScansTakesAndRowGroupsAreThoseOfTheModel) {
  std::mt19937 random(GetParam());
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  };
  const int64_t rows = draw(1, 1500);
  const std::vector<std::vector<std::string>> columns{{"id", "ts"}, {"text"}, {"v"}};
  std::vector<FileGroup> groups;
  for (const auto& names : columns) {
    FileGroup group;
    if (draw(0, 1) == 0) group.columns = names;
    group.files =
        DrawFiles(&random, rows, [&](int64_t first, int64_t all, std::vector<int64_t> row_groups) {
          return Write(names, first, all, std::move(row_groups));
        });
    groups.push_back(std::move(group));
  }
  std::vector<std::string> wanted{"v", "id", "text", "ts"};
  std::shuffle(wanted.begin(), wanted.end(), random);
  wanted.resize(draw(1, 4));
  for (const std::shared_ptr<FileStore>& store :
       {FileStore::Make(StorageConfig{}).ValueOrDie(),
        std::static_pointer_cast<FileStore>(Requests())}) {
    ReaderOptions options;
    options.columns.emplace(wanted.begin(), wanted.end());
    options.batch_rows = draw(1, 700);
    options.buffer_bytes = draw(0, 1) == 0 ? 0 : draw(1, 20000);
    options.own_pages = draw(0, 1) == 0;
    options.mmap = draw(0, 1) == 0;
    auto reader = PackedReader::Open(groups, options, store);
    ASSERT_TRUE(reader.ok()) << reader.status();
    EXPECT_EQ((*reader)->num_rows(), rows);
    const auto table = ReadAll(**reader);
    ASSERT_TRUE(table.ok()) << table.status();
    EXPECT_EQ((*table)->schema()->field_names(), wanted);
    ExpectRows(**table, wanted, 0, rows);

    const auto access = RowAccess::Open(groups, options, store).ValueOrDie();
    std::vector<int64_t> positions(draw(0, 300));
    for (auto& position : positions) position = draw(0, rows - 1);
    ExpectTaken(*access, positions, wanted, rows);
    std::map<int32_t, int64_t> next;  // row of the group
    for (size_t file = 0; file < (*reader)->files().size(); ++file) {
      const FileInfo& info = (*reader)->files()[file];
      int64_t own = 0;
      for (size_t i = 0; i < info.row_groups.size(); ++i) {
        const auto batch =
            access->ReadRowGroup(static_cast<int64_t>(file), static_cast<int64_t>(i));
        ASSERT_TRUE(batch.ok()) << batch.status();
        ASSERT_EQ((*batch)->num_rows(), info.row_groups[i].rows);
        const auto part = arrow::Table::FromRecordBatches({*batch}).ValueOrDie();
        ExpectRows(*part, (*batch)->schema()->field_names(), next[info.group],
                   (*batch)->num_rows());
        next[info.group] += (*batch)->num_rows();
        own += (*batch)->num_rows();
      }
      EXPECT_EQ(own, info.rows);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGroups, ::testing::Range(0U, 40U));

}  // namespace
}  // namespace packed::test
