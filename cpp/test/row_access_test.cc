// Rows by position and row groups one by one.

#include "packed/row_access.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"

#include "packed/memory.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kRows = 2000;

class Rows : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto stored = parquet::WriterProperties::Builder()
                            .disable_dictionary()
                            ->compression(parquet::Compression::UNCOMPRESSED)
                            ->data_pagesize(4000)
                            ->write_batch_size(16)
                            ->build();
    const auto packed = parquet::WriterProperties::Builder()
                            .compression(parquet::Compression::ZSTD)
                            ->data_pagesize(1000)
                            ->write_batch_size(16)
                            ->build();
    WriteParquet(paths_[0], {.table = first_,
                             .row_groups = {700, 1, 0, 1299},
                             .groups = "100,102;101",
                             .properties = packed});
    WriteParquet(paths_[1], {.table = second_,
                             .row_groups = {1000, 1000},
                             .groups = "100,102;101",
                             .properties = stored});
  }

  static std::shared_ptr<arrow::Array> Vectors() {
    std::shared_ptr<arrow::Buffer> values = arrow::AllocateBuffer(kRows * 64).ValueOrDie();
    std::mt19937 random(7);
    for (int64_t i = 0; i < values->size(); ++i) {
      values->mutable_data()[i] = static_cast<uint8_t>(random());
    }
    return arrow::MakeArray(
        arrow::ArrayData::Make(arrow::fixed_size_binary(64), kRows, {nullptr, values}));
  }

  static std::shared_ptr<arrow::Array> NullableNumbers() {
    arrow::Int64Builder builder;
    for (int64_t i = 0; i < kRows; ++i) {
      EXPECT_TRUE((i % 7 == 3 ? builder.AppendNull() : builder.Append(i * i)).ok());
    }
    return builder.Finish().ValueOrDie();
  }

  arrow::Result<std::unique_ptr<RowAccess>> Open(ReaderOptions options = {}) const {
    return RowAccess::Open(paths_, std::move(options), LocalStore());
  }

  /// The rows of what was written, taken by Arrow.
  std::shared_ptr<arrow::Table> Expected(const std::vector<int64_t>& rows) const {
    arrow::Int64Builder builder;
    EXPECT_TRUE(builder.AppendValues(rows).ok());
    const auto all =
        arrow::Table::Make(arrow::schema({first_->field(0), first_->field(1), second_->field(0)}),
                           {first_->column(0), first_->column(1), second_->column(0)});
    return arrow::compute::Take(arrow::Datum(all), arrow::Datum(builder.Finish().ValueOrDie()))
        .ValueOrDie()
        .table();
  }

  void ExpectTaken(RowAccess& access, const std::vector<int64_t>& rows) const {
    const auto taken = access.Take(rows);
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_TRUE((*taken)->ValidateFull().ok());
    const auto expected = Expected(rows);
    ASSERT_EQ((*taken)->num_rows(), expected->num_rows());
    for (const char* name : {"id", "text", "v"}) {
      EXPECT_TRUE((*taken)->GetColumnByName(name)->Equals(ColumnOf(*expected, name))) << name;
    }
  }

  TempDir dir_;
  const std::vector<std::string> paths_{dir_ / "0", dir_ / "1"};
  const std::shared_ptr<arrow::Table> first_ =
      TableOf({IdField(100, "id", arrow::int64(), true), IdField(102, "text", arrow::utf8())},
              {NullableNumbers(), Strings(kRows)});
  const std::shared_ptr<arrow::Table> second_ =
      TableOf({IdField(101, "v", arrow::fixed_size_binary(64))}, {Vectors()});
};

TEST_F(Rows, OrderAndDuplicatesAreKept) {
  for (const bool own : {true, false}) {
    for (const bool mmap : {true, false}) {
      ReaderOptions options;
      options.own_pages = own;
      options.mmap = mmap;
      const auto access = Open(options).ValueOrDie();
      EXPECT_EQ(access->schema()->field_names(), (std::vector<std::string>{"id", "text", "v"}));
      ExpectTaken(*access, {});
      ExpectTaken(*access, {0});
      ExpectTaken(*access, {1999, 3, 3, 700, 699, 701, 1000, 999, 3, 0});
      std::vector<int64_t> rows(kRows);
      std::iota(rows.begin(), rows.end(), 0);
      ExpectTaken(*access, rows);
      std::mt19937 random(5);
      std::shuffle(rows.begin(), rows.end(), random);
      ExpectTaken(*access, rows);
    }
  }
}

TEST_F(Rows, OnlyWhatIsNeededIsRead) {
  // The second row group of the vectors is not there any more: rows of the first do not miss it.
  std::string bytes = TempDir::Read(paths_[1]);
  const size_t half = bytes.size() / 2;
  std::fill(bytes.begin() + static_cast<int64_t>(half + 2000),
            bytes.begin() + static_cast<int64_t>(bytes.size() - 4000), '\xff');
  TempDir::Write(paths_[1], bytes);
  const auto access = Open().ValueOrDie();
  ExpectTaken(*access, {999, 0, 5});
  EXPECT_TRUE(FailsWith(access->Take({1990}).status(), ErrorCode::kFileCorrupted, {paths_[1]}));
  ExpectTaken(*access, {998});
}

TEST_F(Rows, PositionsThatNoRowHas) {
  const auto access = Open().ValueOrDie();
  EXPECT_TRUE(FailsWith(access->Take({0, 2000}).status(), ErrorCode::kInvalidArgument, {"2000"}));
  EXPECT_TRUE(FailsWith(access->Take({-1}).status(), ErrorCode::kInvalidArgument, {"-1"}));
}

TEST_F(Rows, RowGroupsOneByOne) {
  const auto access = Open().ValueOrDie();
  const std::vector<int64_t> first{700, 1, 0, 1299};
  int64_t offset = 0;
  for (int64_t i = 0; i < 4; ++i) {
    const auto batch = access->ReadRowGroup(0, i).ValueOrDie();
    ASSERT_EQ(batch->num_rows(), first[i]);
    ASSERT_EQ(batch->num_columns(), 2);
    if (first[i] > 0) {
      const auto rows = first_->Slice(offset, first[i]);
      EXPECT_TRUE(batch->column(0)->Equals(ColumnOf(*rows, "id")));
      EXPECT_TRUE(batch->column(1)->Equals(ColumnOf(*rows, "text")));
    }
    offset += first[i];
  }
  const auto vectors = access->ReadRowGroup(1, 1).ValueOrDie();
  EXPECT_TRUE(vectors->column(0)->Equals(ColumnOf(*second_->Slice(1000), "v")));
  for (const auto& [file, index] : {std::pair<int64_t, int64_t>{2, 0}, {-1, 0}, {0, 4}, {0, -1}}) {
    EXPECT_TRUE(FailsWith(access->ReadRowGroup(file, index).status(), ErrorCode::kInvalidArgument));
  }
}

TEST_F(Rows, ProjectionsTouchOneFile) {
  ReaderOptions options;
  options.columns = {std::string("v")};
  const auto access = Open(options).ValueOrDie();
  const auto taken = access->Take({5, 1}).ValueOrDie();
  EXPECT_EQ(taken->num_columns(), 1);
  EXPECT_TRUE(
      FailsWith(access->ReadRowGroup(0, 0).status(), ErrorCode::kInvalidArgument, {paths_[0]}));
}

TEST_F(Rows, CloseAndCancelEndIt) {
  const int64_t before = Pool()->bytes_allocated();
  ReaderOptions options;
  auto access = Open(options).ValueOrDie();
  const auto taken = access->Take({1, 0}).ValueOrDie();
  access->Close();
  access->Close();
  EXPECT_TRUE(FailsWith(access->Take({0}).status(), ErrorCode::kClosed));
  access.reset();
  EXPECT_TRUE(taken->ValidateFull().ok());
  auto cancelled = Open(options).ValueOrDie();
  options.cancel.Cancel();
  EXPECT_TRUE(FailsWith(cancelled->Take({0}).status(), ErrorCode::kAborted));
  EXPECT_GT(Pool()->bytes_allocated(), before);
}

}  // namespace
}  // namespace packed::test
