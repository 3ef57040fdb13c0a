// Where the steps of several files end.

#include <memory>
#include <string>
#include <vector>

#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kRows = 100'000;

class ReaderSteps : public ::testing::Test {
 protected:
  /// A file of one column of `width` bytes a row.
  std::string Write(int id, int width, std::vector<int64_t> row_groups) {
    auto bytes = arrow::AllocateBuffer(kRows * width).ValueOrDie();
    for (int64_t i = 0; i < bytes->size(); ++i) {
      bytes->mutable_data()[i] = static_cast<uint8_t>(i * id / width);
    }
    const auto array = std::make_shared<arrow::FixedSizeBinaryArray>(
        arrow::fixed_size_binary(width), kRows, std::shared_ptr<arrow::Buffer>(std::move(bytes)));
    const std::string path = dir_ / std::to_string(id);
    WriteParquet(
        path, {.table = TableOf({IdField(id, "c" + std::to_string(id), array->type())}, {array}),
               .row_groups = std::move(row_groups),
               .groups = "1;2",
               .properties = parquet::WriterProperties::Builder().disable_dictionary()->build()});
    return path;
  }

  /// The rows before the end of each batch; all rows are compared with those of big steps.
  static std::vector<int64_t> EndsOf(const std::vector<std::string>& paths, int64_t buffer_bytes) {
    ReaderOptions options;
    options.batch_rows = kRows;
    const auto expected = ReadFiles(paths, options).ValueOrDie();
    options.buffer_bytes = buffer_bytes;
    const auto reader = OpenReader(paths, options).ValueOrDie();
    std::vector<int64_t> ends;
    int64_t rows = 0;
    while (const auto batch = reader->ReadNext().ValueOrDie()) {
      const auto slice = expected->Slice(rows, batch->num_rows());
      EXPECT_TRUE(slice->Equals(*arrow::Table::FromRecordBatches({batch}).ValueOrDie()));
      ends.push_back(rows += batch->num_rows());
    }
    return ends;
  }

  TempDir dir_;
};

TEST_F(ReaderSteps, OfFilesEndTogetherUnlessARowGroupEnds) {
  const auto narrow = Write(1, 8, {kRows});
  const auto wide = Write(2, 16, {70'000, 30'000});
  // Half of it is 21,845 rows of both. The last step before 70,000 would have 4,465 rows: it goes
  // on to the end of the row group instead.
  const std::vector<int64_t> ends{21'845, 43'690, 65'535, 70'000, 87'380, kRows};
  EXPECT_EQ(EndsOf({narrow, wide}, 1 << 20), ends);
}

TEST_F(ReaderSteps, GrowIntoTheNextOneRatherThanLeaveASliver) {
  const auto narrow = Write(1, 8, {kRows});
  const auto wide = Write(2, 16, {40'000, 60'000});
  // From 40,000 on it would be 3,690 rows to the next common end.
  const std::vector<int64_t> ends{21'845, 40'000, 43'690, 65'535, 87'380, kRows};
  EXPECT_EQ(EndsOf({narrow, wide}, 1 << 20), ends);
}

TEST_F(ReaderSteps, AreReadyFromTheirFirstBatchToTheirLast) {
  const auto path = Write(1, 8, {70'000, 30'000});
  ReaderOptions options;
  options.batch_rows = 10'000;
  options.buffer_bytes = 1 << 20;  // a step of half of it has 65,536 rows
  const auto reader = OpenReader({path}, options).ValueOrDie();
  EXPECT_FALSE(reader->Ready());
  std::vector<int64_t> ends;
  int64_t rows = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    rows += batch->num_rows();
    if (!reader->Ready()) ends.push_back(rows);
  }
  EXPECT_EQ(ends, (std::vector<int64_t>{35'000, 70'000, kRows}));
  reader->Close();
  EXPECT_FALSE(reader->Ready());
}

}  // namespace
}  // namespace packed::test
