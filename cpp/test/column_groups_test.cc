// Column groups of several files, read through windows of rows.

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "arrow/compute/api_vector.h"
#include "arrow/datum.h"

#include "packed/memory.h"
#include "packed/reader.h"
#include "packed/row_access.h"
#include "packed/visibility.h"
#include "range_store.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

/// Rows [first, first + rows) of every column that the tests know.
std::shared_ptr<arrow::Array> Values(const std::string& name, int64_t first, int64_t rows) {
  if (name == "id") return Int64s(rows, first);
  if (name == "ts") return Int64s(rows, 1000 + first);
  if (name == "text") {
    arrow::StringBuilder builder;
    for (int64_t i = first; i < first + rows; ++i) {
      const bool null = i % 11 == 5;
      EXPECT_TRUE((null ? builder.AppendNull()
                        : builder.Append(std::string(i % 17, 'x') + std::to_string(i)))
                      .ok());
    }
    return builder.Finish().ValueOrDie();
  }
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(16));
  for (int64_t i = first; i < first + rows; ++i) {
    const std::string text = std::to_string(i) + "vector-of-a-row";
    EXPECT_TRUE(builder.Append(text.substr(0, 16)).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Field> FieldOf(const std::string& name) {
  static const std::map<std::string, std::pair<int64_t, std::shared_ptr<arrow::DataType>>> all{
      {"id", {100, arrow::int64()}},
      {"ts", {1, arrow::int64()}},
      {"text", {101, arrow::utf8()}},
      {"v", {102, arrow::fixed_size_binary(16)}}};
  const auto& [id, type] = all.at(name);
  return IdField(id, name, type, name == "text");
}

std::shared_ptr<arrow::Table> TableOfRows(const std::vector<std::string>& names, int64_t first,
                                          int64_t rows) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const auto& name : names) {
    fields.push_back(FieldOf(name));
    columns.push_back(Values(name, first, rows));
  }
  return TableOf(std::move(fields), std::move(columns));
}

/// Without a packed key.
void WritePlain(const std::string& path, std::shared_ptr<arrow::Table> table,
                std::vector<int64_t> row_groups = {}) {
  FileSpec spec;
  spec.table = std::move(table);
  spec.row_groups = std::move(row_groups);
  spec.leave_out = {"group_field_id_list", "row_group_metadata", "storage_version"};
  WriteParquet(path, spec);
}

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
                    std::vector<int64_t> row_groups = {}) {
    const std::string path = dir_ / std::to_string(files_++);
    WritePlain(path, TableOfRows(names, first, rows), std::move(row_groups));
    return path;
  }

  static arrow::Result<std::shared_ptr<arrow::Table>> ReadGroups(
      std::vector<FileGroup> groups, ReaderOptions options = {},
      const std::shared_ptr<FileStore>& store = LocalStore()) {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          PackedReader::Open(std::move(groups), std::move(options), store));
    return ReadAll(*reader);
  }

  static void ExpectRows(const arrow::Table& table, const std::vector<std::string>& names,
                         int64_t first, int64_t rows) {
    ASSERT_EQ(table.num_rows(), rows);
    const auto expected = TableOfRows(names, first, rows);
    for (const auto& name : names) {
      EXPECT_TRUE(ColumnOf(table, name)->Equals(ColumnOf(*expected, name))) << name;
    }
  }

  static int64_t OpenDescriptors() {
    const std::filesystem::directory_iterator entries("/proc/self/fd");
    return std::distance(begin(entries), end(entries));
  }

  TempDir dir_;
  int files_ = 0;
  std::vector<std::shared_ptr<RangeStore>> stores_;
};

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

TEST_F(ColumnGroups, AWindowLeavesOutWhatIsAroundIt) {
  const std::string path = Write({"id", "text"}, 0, 1000, {300, 300, 400});
  // What is before and behind the row group of the window cannot be decoded any more.
  const auto info = DescribeFile(*LocalStore(), path).ValueOrDie();
  std::string bytes = TempDir::Read(path);
  const int64_t end_of_first = 4 + info.row_groups[0].compressed_bytes;
  const int64_t end_of_second = end_of_first + info.row_groups[1].compressed_bytes;
  const int64_t end = end_of_second + info.row_groups[2].compressed_bytes;
  std::fill(bytes.begin() + 4, bytes.begin() + end_of_first, '\xff');
  std::fill(bytes.begin() + end_of_second, bytes.begin() + end, '\xff');
  TempDir::Write(path, bytes);
  for (const bool own : {true, false}) {
    ReaderOptions options;
    options.own_pages = own;
    const auto table = ReadGroups({{{}, {{path, 310, 599}}}}, options);
    ASSERT_TRUE(table.ok()) << table.status();
    ExpectRows(**table, {"id", "text"}, 310, 289);
    EXPECT_FALSE(ReadGroups({{{}, {{path, 299, 599}}}}, options).ok());
    EXPECT_FALSE(ReadGroups({{{}, {{path, 300, 601}}}}, options).ok());
  }
}

TEST_F(ColumnGroups, OneFileMayBeThereInSeveralWindows) {
  const std::string path = Write({"id"}, 0, 1000, {600, 400});
  for (const auto& store : {LocalStore(), std::static_pointer_cast<FileStore>(Requests())}) {
    const auto table =
        ReadGroups({{{}, {{path, 900, 1000}, {path, 0, 10}, {path, 590, 610}}}}, {}, store)
            .ValueOrDie();
    const auto ids = ColumnOf(*table, "id");
    EXPECT_TRUE(ids->Slice(0, 100)->Equals(Int64s(100, 900)));
    EXPECT_TRUE(ids->Slice(100, 10)->Equals(Int64s(10)));
    EXPECT_TRUE(ids->Slice(110)->Equals(Int64s(20, 590)));
  }
}

TEST_F(ColumnGroups, WindowsOfOneFileAskForItsFooterOnce) {
  const auto store = Requests();
  const std::string path = Write({"id"}, 0, 1000);
  FileGroup group;
  for (int i = 0; i < 50; ++i) group.files.push_back({path, i, i + 1});
  const auto reader = PackedReader::Open({group}, {}, store).ValueOrDie();
  EXPECT_EQ(store->requests().size(), 2U);  // its size, and its end
}

TEST_F(ColumnGroups, AFailedFooterIsAskedForAgain) {
  const std::string path = Write({"id"}, 10, 10);
  const std::vector<FileGroup> groups{{{}, {{Write({"id"}, 0, 10), 0, 10}, {path, 0, 10}}}};
  const auto access = RowAccess::Open(groups, {}, LocalStore()).ValueOrDie();
  std::filesystem::rename(path, path + "-away");
  EXPECT_TRUE(FailsWith(access->Take({12}).status(), ErrorCode::kNotFound, {path}));
  EXPECT_TRUE(access->Take({2}).ok());
  std::filesystem::rename(path + "-away", path);
  EXPECT_TRUE(access->Take({12}).ValueOrDie()->column(0)->Equals(Int64s(1, 12)));
}

TEST_F(ColumnGroups, OnlyNeededFootersAreAskedForOneRequestEach) {
  const auto store = Requests();
  std::vector<FileGroup> groups{{{{"id"}}, {}}, {{{"text"}}, {}}};
  for (int i = 0; i < 40; ++i) {
    for (const int group : {0, 1}) {
      FileWindow window{Write({group == 0 ? "id" : "text"}, i * 10, 10), 0, 10, {}};
      window.known.file_bytes = static_cast<int64_t>(std::filesystem::file_size(window.path));
      window.known.footer_bytes = 500;
      groups[group].files.push_back(window);
    }
  }
  ReaderOptions options;
  options.columns = {std::string("id")};
  auto reader = PackedReader::Open(groups, options, store).ValueOrDie();
  std::set<std::string> asked;
  for (const auto& request : store->requests()) asked.insert(request.path);
  EXPECT_EQ(store->requests().size(), 40U);
  EXPECT_EQ(asked.size(), 40U);
  for (const FileWindow& window : groups[1].files) EXPECT_FALSE(asked.contains(window.path));
  EXPECT_LE(store->most_at_once(), 16);
  ExpectRows(*ReadAll(*reader).ValueOrDie(), {"id"}, 0, 400);

  // Rows by position ask for the first file, which says the types, and for those they are in.
  store->Forget();
  const auto access = RowAccess::Open(groups, options, store).ValueOrDie();
  EXPECT_TRUE(access->Take({251, 399}).ValueOrDie()->column(0)->Equals(Int64s(2, 251, 148)));
  asked.clear();
  for (const auto& request : store->requests()) asked.insert(request.path);
  EXPECT_EQ(asked, (std::set<std::string>{groups[0].files[0].path, groups[0].files[25].path,
                                          groups[0].files[39].path}));

  // Nothing stored is asked for: the rows are known without any file.
  store->Forget();
  options.columns.reset();
  options.schema = arrow::schema({arrow::field("other", arrow::int32())});
  const auto nulls = ReadGroups(groups, options, store).ValueOrDie();
  EXPECT_EQ(nulls->num_rows(), 400);
  EXPECT_EQ(nulls->column(0)->null_count(), 400);
  EXPECT_TRUE(store->requests().empty());
}

TEST_F(ColumnGroups, AThousandFilesTakeFewDescriptors) {
  FileGroup group;
  for (int i = 0; i < 1000; ++i) group.files.push_back({Write({"id"}, i * 3, 3), 0, 3, {}});
  const int64_t before = OpenDescriptors();
  for (const bool mmap : {false, true}) {
    ReaderOptions options;
    options.mmap = mmap;
    auto reader = PackedReader::Open({group}, options, LocalStore()).ValueOrDie();
    EXPECT_LE(OpenDescriptors() - before, 64);
    ExpectRows(*ReadAll(*reader).ValueOrDie(), {"id"}, 0, 3000);
    const auto access = RowAccess::Open({group}, options, LocalStore()).ValueOrDie();
    std::vector<int64_t> rows(3000);
    std::iota(rows.begin(), rows.end(), 0);
    EXPECT_TRUE(access->Take(rows).ValueOrDie()->column(0)->Equals(Int64s(3000)));
    EXPECT_LE(OpenDescriptors() - before, 128);
  }
  EXPECT_EQ(OpenDescriptors(), before);
}

TEST_F(ColumnGroups, WhatCameWithTheOpeningOfObjectsIsBounded) {
  const auto store = Requests();
  std::vector<FileGroup> groups(2);
  for (int i = 0; i < 100; ++i) {
    groups[0].files.push_back({Write({"id"}, i * 10, 10), 0, 10});
    groups[1].files.push_back({Write({"text"}, i * 10, 10), 0, 10});
  }
  ReaderOptions options;
  options.buffer_bytes = 1;
  auto reader = PackedReader::Open(groups, options, store).ValueOrDie();
  EXPECT_EQ(reader->files().size(), 200U);
  EXPECT_LE(store->open_files(), 2 * 16);
  int64_t rows = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    ExpectRows(*arrow::Table::FromRecordBatches({batch}).ValueOrDie(), {"id", "text"}, rows,
               batch->num_rows());
    EXPECT_LE(store->open_files(), 2 * 16 + 8);
    rows += batch->num_rows();
  }
  EXPECT_EQ(rows, 1000);
  // By default there is room for them: each is asked for once.
  store->Forget();
  options.buffer_bytes = 0;
  ExpectRows(*ReadGroups(groups, options, store).ValueOrDie(), {"id", "text"}, 0, 1000);
  EXPECT_EQ(store->requests().size(), 400U);  // its size, and its end
}

TEST_F(ColumnGroups, FilesThatComeLateMayHaveGone) {
  FileGroup group;
  for (int i = 0; i < 100; ++i) group.files.push_back({Write({"id"}, i * 10, 10), 0, 10, {}});
  ReaderOptions options;
  options.batch_rows = 10;
  auto removed = PackedReader::Open({group}, options, LocalStore()).ValueOrDie();
  auto replaced = PackedReader::Open({group}, options, LocalStore()).ValueOrDie();
  std::filesystem::remove(group.files[80].path);
  for (int i = 0; i < 80; ++i) {
    ASSERT_TRUE(removed->ReadNext().ValueOrDie()->column(0)->Equals(Int64s(10, i * 10))) << i;
  }
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(
        FailsWith(removed->ReadNext().status(), ErrorCode::kNotFound, {group.files[80].path}));
  }
  std::filesystem::rename(Write({"id"}, 0, 20), group.files[80].path);
  arrow::Status status;
  int batches = 0;
  for (; status.ok(); ++batches) status = replaced->ReadNext().status();
  EXPECT_EQ(batches, 81);
  EXPECT_TRUE(FailsWith(status, ErrorCode::kFileChanged, {group.files[80].path}));
}

TEST_F(ColumnGroups, GroupsHaveEquallyManyRows) {
  const std::string ids = Write({"id"}, 0, 100);
  const std::string texts = Write({"text"}, 0, 90);
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{ids}}}, {{}, {{texts}}}}).status(),
                        ErrorCode::kFileCorrupted, {"100", "90", ids, texts}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{ids, 0, 90}}}, {{}, {{texts, 1, 90}}}}).status(),
                        ErrorCode::kFileCorrupted, {"90", "89", ids, texts}));
  ExpectRows(*ReadGroups({{{}, {{ids, 0, 90}}}, {{}, {{texts}}}}).ValueOrDie(), {"id", "text"}, 0,
             90);
}

TEST_F(ColumnGroups, WindowsLieWithinTheirFiles) {
  const std::string path = Write({"id"}, 0, 100);
  const auto code = ErrorCode::kInvalidArgument;
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 10, 10}}}}).status(), code, {path, "10"}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 11, 10}}}}).status(), code, {path, "11"}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, -1, 10}}}}).status(), code, {path, "-1"}));
  const auto corrupted = ErrorCode::kFileCorrupted;
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 0, 101}}}}).status(), corrupted, {path, "100"}));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path, 101}}}}).status(), corrupted, {path, "100"}));
  const auto access =
      RowAccess::Open({{{}, {{path, 0, 50}, {path, 50, 150}}}}, {}, LocalStore()).ValueOrDie();
  EXPECT_TRUE(access->Take({49}).ok());
  EXPECT_TRUE(FailsWith(access->Take({50}).status(), corrupted, {path, "100"}));
}

TEST_F(ColumnGroups, FilesOfAGroupAgree) {
  const std::string first = Write({"id", "ts"}, 0, 10);
  const std::string other = dir_ / "other";
  WritePlain(other, TableOf({IdField(100, "id", arrow::utf8()), IdField(1, "ts", arrow::int64())},
                            {Strings(10), Int64s(10, 1010)}));
  const std::vector<FileGroup> groups{{{}, {{first}, {other}}}};
  EXPECT_TRUE(FailsWith(ReadGroups(groups).status(), ErrorCode::kTypeMismatch, {other, "id"}));
  ReaderOptions options;
  options.columns = {std::string("ts")};
  ExpectRows(*ReadGroups(groups, options).ValueOrDie(), {"ts"}, 0, 20);
  const std::string without = Write({"ts"}, 0, 10);
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{first}, {without}}}}).status(),
                        ErrorCode::kFileCorrupted, {without, "id"}));
  // The order of the columns is each file's own.
  const std::string turned = Write({"ts", "id"}, 10, 10);
  ExpectRows(*ReadGroups({{{}, {{first}, {turned}}}}).ValueOrDie(), {"id", "ts"}, 0, 20);
}

TEST_F(ColumnGroups, ListedColumnsAreThoseThatCount) {
  const std::string path = Write({"id", "ts"}, 0, 10);
  const auto table = ReadGroups({{{{"ts"}}, {{path}}}}).ValueOrDie();
  EXPECT_EQ(table->schema()->field_names(), std::vector<std::string>{"ts"});
  EXPECT_TRUE(FailsWith(ReadGroups({{{{"id", "gone"}}, {{path}}}}).status(),
                        ErrorCode::kFileCorrupted, {path, "gone"}));
  ReaderOptions options;
  options.schema = arrow::schema({FieldOf("id"), FieldOf("ts")});
  const auto nulls = ReadGroups({{{{"ts"}}, {{path}}}}, options).ValueOrDie();
  EXPECT_EQ(nulls->column(0)->null_count(), 10);
  EXPECT_TRUE(ColumnOf(*nulls, "ts")->Equals(Int64s(10, 1000)));
  EXPECT_TRUE(FailsWith(ReadGroups({{{}, {{path}}}, {{}, {{Write({"ts"}, 0, 10)}}}}).status(),
                        ErrorCode::kInvalidArgument, {"ts"}));
}

TEST_F(ColumnGroups, NamesOrIdsMatch) {
  const std::string path = Write({"id", "ts"}, 0, 10);
  ReaderOptions options;
  // By id the file's "ts" is what the schema calls "id".
  options.schema = arrow::schema({IdField(1, "id", arrow::int64())});
  EXPECT_TRUE(ColumnOf(*ReadGroups({{{{"id", "ts"}}, {{path}}}}, options).ValueOrDie(), "id")
                  ->Equals(Int64s(10, 1000)));
  options.by_name = true;
  EXPECT_TRUE(ColumnOf(*ReadGroups({{{{"id", "ts"}}, {{path}}}}, options).ValueOrDie(), "id")
                  ->Equals(Int64s(10)));
  // A group that lists none of the names may still have a column of that id.
  options.by_name = false;
  options.schema = arrow::schema({IdField(100, "renamed", arrow::int64())});
  EXPECT_TRUE(ColumnOf(*ReadGroups({{{{"id"}}, {{path}}}}, options).ValueOrDie(), "renamed")
                  ->Equals(Int64s(10)));
}

TEST_F(ColumnGroups, WithoutFilesThereAreNoRows) {
  ReaderOptions options;
  EXPECT_TRUE(FailsWith(ReadGroups({}, options).status(), ErrorCode::kInvalidArgument));
  options.schema = arrow::schema({FieldOf("id")});
  EXPECT_EQ(ReadGroups({}, options).ValueOrDie()->num_rows(), 0);
  EXPECT_EQ(ReadGroups({{{{"id"}}, {}}}, options).ValueOrDie()->num_rows(), 0);
  EXPECT_TRUE(
      FailsWith(ReadGroups({{{}, {{Write({"id"}, 0, 10)}}}, {{{"text"}}, {}}}, options).status(),
                ErrorCode::kFileCorrupted, {"column group 1"}));
}

TEST_F(ColumnGroups, RowsAreHiddenAcrossFiles) {
  const auto filter = Visibility::Make(1015);
  ASSERT_TRUE(filter->AddDeletes(*Int64s(3, 8), *Int64s(3, 1012, 0)).ok());
  FileGroup keys{{{"id", "ts"}}, {{Write({"id", "ts"}, 0, 9), 2, 9}, {Write({"id", "ts"}, 9, 20)}}};
  FileGroup texts{{{"text"}}, {{Write({"text"}, 2, 27)}}};
  ReaderOptions options;
  options.columns = {std::string("text")};
  options.visible = VisibleRows{filter, 100, 1};
  auto reader = PackedReader::Open({keys, texts}, options, LocalStore()).ValueOrDie();
  EXPECT_EQ(reader->num_rows(), 27);
  EXPECT_EQ(reader->schema()->num_fields(), 1);
  arrow::RecordBatchVector batches;
  while (auto batch = reader->ReadNext().ValueOrDie()) batches.push_back(batch);
  const auto table = arrow::Table::FromRecordBatches(batches).ValueOrDie();
  // 8, 9, 10 are deleted, and what is later than 1015 is not there yet.
  const auto expected =
      arrow::Concatenate({Values("text", 2, 6), Values("text", 11, 5)}).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "text")->Equals(expected));
}

TEST_F(ColumnGroups, VisibleRowsAreFoundByTheSchemaWhereFilesHaveNoIds) {
  const std::string path = dir_ / "plain";
  WritePlain(path, TableOf({arrow::field("id", arrow::int64()), arrow::field("ts", arrow::int64())},
                           {Int64s(10), Int64s(10, 1000)}));
  ReaderOptions options;
  options.schema = arrow::schema({FieldOf("id"), FieldOf("ts")});
  options.columns = {std::string("id")};
  options.visible = VisibleRows{Visibility::Make(1004), 100, 1};
  auto reader = PackedReader::Open({{{{"id", "ts"}}, {{path}}}}, options, LocalStore());
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_TRUE((*reader)->ReadNext().ValueOrDie()->column(0)->Equals(Int64s(5)));
}

TEST_F(ColumnGroups, TheBudgetHoldsOverFilesAndWindows) {
  constexpr int64_t kRows = 200000;
  FileGroup group;
  for (int i = 0; i < 8; ++i) {
    group.files.push_back({Write({"v"}, i * kRows, kRows, {kRows}), kRows / 2, kRows - 1, {}});
  }
  const int64_t before = Pool()->bytes_allocated();
  ReaderOptions options;
  options.buffer_bytes = 256 << 10;
  auto reader = PackedReader::Open({group}, options, LocalStore()).ValueOrDie();
  int64_t most = 0;
  int64_t rows = 0;
  while (auto batch = reader->ReadNext().ValueOrDie()) {
    rows += batch->num_rows();
    batch.reset();
    most = std::max(most, Pool()->bytes_allocated() - before);
  }
  EXPECT_EQ(rows, 8 * (kRows / 2 - 1));
  // 3.2 MB decoded in every file; what a step reads of the file comes beside the budget.
  EXPECT_LT(most, 2 << 20);
}

TEST_F(ColumnGroups, CancelledAndClosedReadersEnd) {
  FileGroup group;
  for (int i = 0; i < 40; ++i) group.files.push_back({Write({"id"}, i * 10, 10), 0, 10, {}});
  ReaderOptions options;
  options.cancel.Cancel();
  for (const auto& store : {LocalStore(), std::static_pointer_cast<FileStore>(Requests())}) {
    EXPECT_TRUE(
        FailsWith(PackedReader::Open({group}, options, store).status(), ErrorCode::kAborted));
  }
  const auto store = Requests();
  auto reader = PackedReader::Open({group}, {}, store).ValueOrDie();
  EXPECT_TRUE(reader->ReadNext().ok());
  reader->Close();
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kClosed));
  reader.reset();
  EXPECT_TRUE(store->AwaitNoOpenFiles());
}

TEST_F(ColumnGroups, AFailedOpeningOfAStoreNamesTheFile) {
  const auto store = Requests();
  FileGroup group;
  for (int i = 0; i < 20; ++i) group.files.push_back({Write({"id"}, i * 10, 10), 0, 10, {}});
  const std::string bad = group.files[7].path;
  store->AnswerBy([bad](const RangeStore::Request& request) -> arrow::Result<int64_t> {
    if (request.path != bad) return request.bytes;
    return MakeError(ErrorCode::kStorageIO, "Expected an answer but received none for " + bad,
                     {bad, ""});
  });
  EXPECT_TRUE(
      FailsWith(PackedReader::Open({group}, {}, store).status(), ErrorCode::kStorageIO, {bad}));
}

}  // namespace
}  // namespace packed::test
