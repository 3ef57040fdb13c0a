// Row groups of one file, one at a time (format note 8.2, cases 32 to 39).

#include "packed/row_group_reader.h"

#include <cstdint>
#include <numeric>

#include "packed/memory.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

class RowGroupRead : public ::testing::Test {
 protected:
  void SetUp() override {
    WriteParquet(path_, {.table = table_, .row_groups = sizes_, .groups = "100,102;101"});
  }

  arrow::Result<std::unique_ptr<RowGroupReader>> Open(ReaderOptions options = {}) const {
    return RowGroupReader::Open(path_, std::move(options), LocalStore());
  }

  static std::shared_ptr<arrow::Table> Next(RowGroupReader& reader) {
    auto table = reader.ReadNext();
    EXPECT_TRUE(table.ok()) << table.status();
    if (!table.ok() || !*table) return nullptr;
    EXPECT_TRUE((*table)->ValidateFull().ok());
    EXPECT_TRUE((*table)->schema()->Equals(*reader.schema(), /*check_metadata=*/true));
    return *table;
  }

  int64_t FirstRow(int row_group) const {
    return std::accumulate(sizes_.begin(), sizes_.begin() + row_group, int64_t{0});
  }

  /// The named columns of `read` hold the rows of `row_group` and no others.
  void ExpectRowGroup(const std::shared_ptr<arrow::Table>& read, int row_group,
                      const std::vector<std::string>& names = {"id", "text"}) const {
    ASSERT_NE(read, nullptr);
    const auto rows = table_->Slice(FirstRow(row_group), sizes_[row_group]);
    EXPECT_EQ(read->num_rows(), sizes_[row_group]);
    EXPECT_EQ(read->num_columns(), static_cast<int>(names.size()));
    for (const auto& name : names) {
      EXPECT_TRUE(ColumnOf(*read, name)->Equals(*ColumnOf(*rows, name))) << name;
    }
  }

  void ExpectAll(RowGroupReader& reader) const {
    ASSERT_TRUE(reader.SetRange(0, static_cast<int64_t>(sizes_.size())).ok());
    for (int i = 0; i < static_cast<int>(sizes_.size()); ++i) ExpectRowGroup(Next(reader), i);
    EXPECT_EQ(Next(reader), nullptr);
  }

  TempDir dir_;
  const std::string path_ = dir_ / "0";
  const std::vector<int64_t> sizes_{1000, 1, 700, 1299};
  const std::shared_ptr<arrow::Table> table_ =
      TableOf({IdField(100, "id", arrow::int64()), IdField(102, "text", arrow::utf8())},
              {Int64s(3000, 5, 3), Strings(3000, "text")});
};

TEST_F(RowGroupRead, Case32_EveryBudgetGivesTheRowGroupsOfTheFooter) {
  for (const int64_t buffer : {5 << 20, 2 << 20, 1 << 10}) {
    SCOPED_TRACE(buffer);
    ReaderOptions options;
    options.buffer_bytes = buffer;
    const auto reader = Open(options).ValueOrDie();
    const auto& file = reader->file();
    ASSERT_EQ(file.row_groups.size(), sizes_.size());
    int64_t rows = 0;
    for (size_t i = 0; i < sizes_.size(); ++i) {
      EXPECT_EQ(file.row_groups[i].rows, sizes_[i]);
      rows += file.row_groups[i].rows;
    }
    EXPECT_EQ(rows, file.rows);
    EXPECT_EQ(rows, 3000);
    ExpectAll(*reader);
  }
}

TEST_F(RowGroupRead, Case32_ReadAheadStaysWithinTheBudget) {
  WriteParquet(path_, {.table = TableOf({IdField(100, "id", arrow::int64())}, {Int64s(800000)}),
                       .row_groups = std::vector<int64_t>(8, 100000),
                       .groups = "100"});
  ReaderOptions options;
  options.buffer_bytes = 1;
  const auto reader = Open(options).ValueOrDie();
  ASSERT_TRUE(reader->SetRange(0, 8).ok());
  const int64_t before = Pool()->bytes_allocated();
  for (int i = 0; i < 8; ++i) {
    const auto table = Next(*reader);
    EXPECT_TRUE(ColumnOf(*table, "id")->Equals(*Int64s(100000, i * 100000)));
    // One row group of 800 kB and what its decoder still holds.
    EXPECT_LT(Pool()->bytes_allocated() - before, 2 << 20);
  }
}

TEST_F(RowGroupRead, Case33_OneRowGroupThenNull) {
  const auto reader = Open().ValueOrDie();
  ASSERT_TRUE(reader->SetRange(1, 1).ok());
  ExpectRowGroup(Next(*reader), 1);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Next(*reader), nullptr);
}

TEST_F(RowGroupRead, Case33_AnotherRangeStartsAfresh) {
  const auto reader = Open().ValueOrDie();
  ASSERT_TRUE(reader->SetRange(0, 4).ok());
  ExpectRowGroup(Next(*reader), 0);
  ASSERT_TRUE(reader->SetRange(2, 2).ok());
  ExpectRowGroup(Next(*reader), 2);
  ASSERT_TRUE(reader->SetRange(2, 1).ok());
  ExpectRowGroup(Next(*reader), 2);
  EXPECT_EQ(Next(*reader), nullptr);
  ExpectAll(*reader);
}

TEST_F(RowGroupRead, Case34_RangesThatAreNotWithinTheFile) {
  const auto reader = Open().ValueOrDie();
  ASSERT_TRUE(reader->SetRange(1, 2).ok());
  ExpectRowGroup(Next(*reader), 1);
  const std::pair<int64_t, int64_t> ranges[] = {
      {100, 1}, {0, 0}, {-1, 1}, {4, 1}, {3, 2}, {0, -1}, {1, INT64_MAX}, {INT64_MAX, INT64_MAX}};
  for (const auto& [offset, count] : ranges) {
    EXPECT_TRUE(FailsWith(reader->SetRange(offset, count), ErrorCode::kInvalidArgument,
                          {"4 row groups", path_, "offset " + std::to_string(offset),
                           "count " + std::to_string(count)}));
  }
  ExpectRowGroup(Next(*reader), 2);  // the range from before still holds
  EXPECT_EQ(Next(*reader), nullptr);
}

TEST_F(RowGroupRead, Case34_NoRangeIsWithinAnEmptyFile) {
  WriteParquet(path_, {.table = table_->Slice(0, 0), .groups = "100,102"});
  const auto reader = Open().ValueOrDie();
  EXPECT_TRUE(FailsWith(reader->SetRange(0, 1), ErrorCode::kInvalidArgument, {"0 row groups"}));
  EXPECT_EQ(Next(*reader), nullptr);
}

TEST_F(RowGroupRead, Case35_BudgetsOfEverySize) {
  ReaderOptions options;
  for (const int64_t buffer : {int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{100}, INT64_MAX}) {
    SCOPED_TRACE(buffer);
    options.buffer_bytes = buffer;
    ExpectAll(*Open(options).ValueOrDie());
  }
}

TEST_F(RowGroupRead, Case36_NullWithoutARangeAndAfterItsEnd) {
  const auto reader = Open().ValueOrDie();
  EXPECT_EQ(Next(*reader), nullptr);
  ExpectAll(*reader);
  EXPECT_EQ(Next(*reader), nullptr);
  reader->Close();
  EXPECT_EQ(Next(*reader), nullptr);
}

TEST_F(RowGroupRead, Case36_CloseIsRepeatable) {
  const auto reader = Open().ValueOrDie();
  reader->Close();
  reader->Close();
  EXPECT_EQ(Next(*reader), nullptr);
  EXPECT_TRUE(FailsWith(reader->SetRange(0, 1), ErrorCode::kClosed));
}

TEST_F(RowGroupRead, Case36_CloseWithinARangeIsNotItsEnd) {
  const int64_t before = Pool()->bytes_allocated();
  const auto reader = Open().ValueOrDie();
  ASSERT_TRUE(reader->SetRange(0, 4).ok());
  auto first = Next(*reader);
  reader->Close();
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kClosed));
  }
  ExpectRowGroup(first, 0);
  EXPECT_EQ(reader->file().row_groups.size(), 4u);
  first.reset();
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST_F(RowGroupRead, Case37_MissingFieldInPlaceAndOneIdTwice) {
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField(102, "text", arrow::utf8()), IdField(400, "new", arrow::float32()),
                     IdField(100, "id", arrow::int64()), IdField(100, "again", arrow::int64())});
  const auto reader = Open(options).ValueOrDie();
  EXPECT_TRUE(reader->schema()->field(1)->nullable());
  EXPECT_FALSE(reader->schema()->field(2)->nullable());
  ASSERT_TRUE(reader->SetRange(2, 2).ok());
  for (int i = 2; i < 4; ++i) {
    const auto table = Next(*reader);
    ASSERT_EQ(table->num_columns(), 4);
    EXPECT_EQ(table->column(1)->null_count(), sizes_[i]);
    EXPECT_TRUE(table->column(3)->Equals(table->column(2)));
    ExpectRowGroup(table->SelectColumns({2, 0}).ValueOrDie(), i);
  }
}

TEST_F(RowGroupRead, Case37_OnlyMissingFieldsHaveTheRowsOfTheRowGroup) {
  ReaderOptions options;
  options.schema = arrow::schema({IdField(400, "n", arrow::int64(), false)});
  options.defaults = arrow::RecordBatch::Make(arrow::schema({arrow::field("n", arrow::int64())}), 1,
                                              {Int64s(1, 42)});
  const auto reader = Open(options).ValueOrDie();
  ASSERT_TRUE(reader->SetRange(1, 2).ok());
  for (int i = 1; i < 3; ++i) {
    const auto table = Next(*reader);
    EXPECT_TRUE(ColumnOf(*table, "n")->Equals(*Int64s(sizes_[i], 42, 0)));
  }
  EXPECT_EQ(Next(*reader), nullptr);
}

TEST_F(RowGroupRead, Case37_BadIdsAreErrorsAtOpen) {
  ReaderOptions options;
  for (const char* id : {"not_a_number", "", "-"}) {
    options.schema = arrow::schema(
        {arrow::field("f", arrow::int64(), arrow::key_value_metadata({"PARQUET:field_id"}, {id}))});
    EXPECT_TRUE(FailsWith(Open(options).status(), ErrorCode::kInvalidSchema, {"f"})) << id;
  }
  options.schema = arrow::schema({IdField(101, "other", arrow::int64())});
  EXPECT_TRUE(FailsWith(Open(options).status(), ErrorCode::kInvalidArgument, {"group 1", "101"}));
  options.schema = arrow::schema({IdField(100, "id", arrow::utf8())});
  EXPECT_TRUE(FailsWith(Open(options).status(), ErrorCode::kTypeMismatch, {"id", "int64"}));
}

TEST_F(RowGroupRead, Case37_ColumnsByIdAndByName) {
  ReaderOptions options;
  options.columns = {{std::string("text"), int64_t{100}}};
  const auto both = Open(options).ValueOrDie();
  ASSERT_TRUE(both->SetRange(0, 1).ok());
  const auto table = Next(*both);
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"text", "id"}));
  ExpectRowGroup(table, 0);
  options.columns = {{int64_t{102}}};
  const auto second = Open(options).ValueOrDie();
  ASSERT_TRUE(second->SetRange(3, 1).ok());
  ExpectRowGroup(Next(*second), 3, {"text"});
  options.columns = {{int64_t{400}}};
  EXPECT_TRUE(FailsWith(Open(options).status(), ErrorCode::kInvalidArgument, {"400"}));
}

TEST_F(RowGroupRead, Case38_PackedKeysWithoutFieldIds) {
  WriteParquet(path_, {.table = TableOf({arrow::field("id", arrow::int64(), false),
                                         arrow::field("text", arrow::utf8(), false)},
                                        {ColumnOf(*table_, "id"), ColumnOf(*table_, "text")}),
                       .row_groups = sizes_,
                       .groups = "100,102;101"});
  EXPECT_TRUE(FailsWith(Open().status(), ErrorCode::kInvalidSchema, {path_}));
  ReaderOptions options;
  options.schema = table_->schema();
  ExpectAll(*Open(options).ValueOrDie());
}

TEST_F(RowGroupRead, Case39_RowOffsetsAreTheRunningSum) {
  const auto reader = Open().ValueOrDie();
  for (size_t i = 0; i < sizes_.size(); ++i) {
    EXPECT_EQ(reader->file().row_groups[i].row_offset, FirstRow(static_cast<int>(i)));
  }
  WriteParquet(path_, {.table = table_,
                       .row_groups = sizes_,
                       .groups = "100,102",
                       .row_group_metadata = "9|1000|0;9|1|1000;9|700|1000;9|1299|1701"});
  EXPECT_TRUE(FailsWith(Open().status(), ErrorCode::kMetadataCorrupted, {path_}));
}

TEST_F(RowGroupRead, ErrorsRepeatUntilAnotherRangeIsSet) {
  arrow::Int64Builder builder;
  for (int64_t i = 0; i < 100; ++i) {
    ASSERT_TRUE((i == 70 ? builder.AppendNull() : builder.Append(i)).ok());
  }
  WriteParquet(path_, {.table = TableOf({IdField(5, "a", arrow::int64(), true)},
                                        {builder.Finish().ValueOrDie()}),
                       .row_groups = {40, 40, 20},
                       .groups = "5"});
  ReaderOptions options;
  options.schema = arrow::schema({IdField(5, "a", arrow::int64())});
  const auto reader = Open(options).ValueOrDie();
  ASSERT_TRUE(reader->SetRange(0, 3).ok());
  EXPECT_EQ(Next(*reader)->num_rows(), 40);
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kInvalidData, {"field a"}));
  }
  ASSERT_TRUE(reader->SetRange(2, 1).ok());
  EXPECT_TRUE(ColumnOf(*Next(*reader), "a")->Equals(*Int64s(20, 80)));
}

TEST_F(RowGroupRead, CancelAndMissingFileAndStore) {
  ReaderOptions options;
  const auto reader = Open(options).ValueOrDie();
  ASSERT_TRUE(reader->SetRange(0, 4).ok());
  ExpectRowGroup(Next(*reader), 0);
  options.cancel.Cancel();
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kAborted));
  EXPECT_TRUE(FailsWith(RowGroupReader::Open(dir_ / "none", {}, LocalStore()).status(),
                        ErrorCode::kNotFound, {dir_ / "none"}));
  EXPECT_TRUE(
      FailsWith(RowGroupReader::Open(path_, {}, nullptr).status(), ErrorCode::kInvalidArgument));
}

}  // namespace
}  // namespace packed::test
