#include "files_of_kinds.h"

#include <algorithm>

#include "arrow/array.h"
#include "arrow/array/concatenate.h"
#include "gtest/gtest.h"

#include "column_kinds.h"

namespace packed::testing {
namespace {

/// Large binaries come back as plain ones: the file has no Arrow schema.
bool SameValues(const arrow::Array& written, const arrow::Array& read) {
  if (written.type_id() != arrow::Type::LARGE_BINARY) return written.Equals(read);
  const auto& large = static_cast<const arrow::LargeBinaryArray&>(written);
  const auto& plain = static_cast<const arrow::BinaryArray&>(read);
  if (large.length() != plain.length()) return false;
  for (int64_t i = 0; i < large.length(); ++i) {
    if (large.IsNull(i) != plain.IsNull(i)) return false;
    if (large.IsValid(i) && large.GetView(i) != plain.GetView(i)) return false;
  }
  return true;
}

}  // namespace

const std::vector<std::vector<int>>& Groups() {
  static const std::vector<std::vector<int>> groups{{0, 1, 2, 3, 4, 5}, {6, 7, 8, 9, 10}, {11}};
  return groups;
}

arrow::RecordBatchVector Cut(const std::shared_ptr<arrow::RecordBatch>& batch, int64_t rows) {
  arrow::RecordBatchVector batches;
  for (int64_t i = 0; i < batch->num_rows(); i += rows) batches.push_back(batch->Slice(i, rows));
  return batches;
}

void ExpectReadsBack(const arrow::RecordBatchVector& batches,
                     const std::shared_ptr<arrow::RecordBatch>& whole, bool nulls,
                     const WriterOptions& options) {
  ScratchDir dir;
  const auto groups = GroupsOf(dir, Groups());
  const auto results = WriteAll(SchemaOf(nulls), groups, batches, options);
  ASSERT_EQ(results.size(), groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    EXPECT_EQ(results[i].rows, whole->num_rows());
    const auto table = ReadBack(groups[i].path).table;
    ASSERT_NE(table, nullptr);
    for (size_t j = 0; j < groups[i].columns.size(); ++j) {
      const int column = groups[i].columns[j];
      const auto expected = whole->column(column);
      EXPECT_EQ(results[i].null_counts[j].second, expected->null_count());
      const auto read =
          arrow::Concatenate(table->column(static_cast<int>(j))->chunks()).ValueOrDie();
      EXPECT_TRUE(SameValues(*expected, *read)) << whole->schema()->field(column)->name();
    }
  }
}

std::shared_ptr<parquet::ColumnChunkMetaData> ChunkOf(const StoredFile& file, int column) {
  return file.metadata->RowGroup(0)->ColumnChunk(column);
}

bool Has(const parquet::ColumnChunkMetaData& chunk, parquet::Encoding::type encoding) {
  const auto& encodings = chunk.encodings();
  return std::find(encodings.begin(), encodings.end(), encoding) != encodings.end();
}

}  // namespace packed::testing
