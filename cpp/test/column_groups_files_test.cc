// Files of column groups: which are opened when, how many at once, and what becomes of those that
// fail, change or are not wanted any more.

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <set>

#include "column_groups_fixture.h"
#include "packed/memory.h"
#include "packed/row_access.h"

namespace packed::test {
namespace {

int64_t OpenDescriptors() {
  const std::filesystem::directory_iterator entries("/proc/self/fd");
  return std::distance(begin(entries), end(entries));
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
