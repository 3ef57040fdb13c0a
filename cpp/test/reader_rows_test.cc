// Pages that have fewer rows than their row group says: a damaged file, whoever decodes them.

#include "parquet/file_reader.h"
#include "parquet/metadata.h"

#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kRows = 3000;

/// The unsigned varint at `*at`, which moves behind it.
uint64_t ReadVarint(const std::string& bytes, size_t* at) {
  uint64_t value = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.at((*at)++));
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
}

void WriteVarint(uint64_t value, size_t at, std::string* bytes) {
  for (; value >= 0x80; value >>= 7) bytes->at(at++) = static_cast<char>(value | 0x80);
  bytes->at(at) = static_cast<char>(value);
}

/// Has the data page (version 1) whose header is at `at` say that it has one value less.
void TakeValue(size_t at, std::string* bytes) {
  // Thrift: field 1 (type: 0), 2 (uncompressed size), 3 (compressed size), 5 (a struct whose
  // field 1 is the number of values, in zigzag).
  ASSERT_EQ(bytes->substr(at, 3), std::string("\x15\x00\x15", 3));
  at += 3;
  ReadVarint(*bytes, &at);
  ASSERT_EQ(bytes->at(at++), '\x15');
  ReadVarint(*bytes, &at);
  ASSERT_EQ(bytes->substr(at, 2), "\x2c\x15");
  at += 2;
  size_t end = at;
  const uint64_t values = ReadVarint(*bytes, &end);
  WriteVarint(values - 2, at, bytes);
  size_t written = at;
  ASSERT_EQ(ReadVarint(*bytes, &written), values - 2);
  ASSERT_EQ(written, end) << "another length";
}

std::shared_ptr<arrow::Array> Lists() {
  arrow::ListBuilder lists(arrow::default_memory_pool(), std::make_shared<arrow::Int64Builder>());
  auto* items = static_cast<arrow::Int64Builder*>(lists.value_builder());
  for (int64_t row = 0; row < kRows; ++row) {
    EXPECT_TRUE(lists.Append().ok());
    EXPECT_TRUE(items->Append(row).ok());
  }
  return lists.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Wide(int32_t width) {
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(width));
  for (int64_t row = 0; row < kRows; ++row) {
    EXPECT_TRUE(builder.Append(std::string(width, static_cast<char>(row))).ok());
  }
  return builder.Finish().ValueOrDie();
}

/// Columns for each way to decode: pages of numbers, bits, text and mapped vectors; Arrow's reader.
std::shared_ptr<arrow::Table> EveryWay() {
  arrow::BooleanBuilder flags;
  for (int64_t row = 0; row < kRows; ++row) EXPECT_TRUE(flags.Append(row % 3 == 0).ok());
  return TableOf(
      {IdField(100, "number", arrow::int64()), IdField(101, "maybe", arrow::int64(), true),
       IdField(102, "flag", arrow::boolean()), IdField(103, "text", arrow::utf8()),
       IdField(104, "maybe text", arrow::utf8(), true),
       IdField(105, "list", arrow::list(arrow::int64())),
       IdField(106, "vector", arrow::fixed_size_binary(512))},
      {Int64s(kRows), Int64s(kRows), flags.Finish().ValueOrDie(), Strings(kRows), Strings(kRows),
       Lists(), Wide(512)});
}

class ReaderRows : public ::testing::Test {
 protected:
  struct Form {
    parquet::Compression::type codec;
    std::vector<int64_t> row_groups;
    int64_t page_bytes;
  };

  /// The bytes of a file of EveryWay.
  std::string Write(const Form& form) {
    auto builder = parquet::WriterProperties::Builder();
    builder.compression(form.codec)->data_pagesize(form.page_bytes)->disable_dictionary();
    builder.disable_statistics()->write_batch_size(100);
    WriteParquet(path_, {.table = EveryWay(),
                         .row_groups = form.row_groups,
                         .leave_out = {"group_field_id_list", "row_group_metadata"},
                         .properties = builder.build(),
                         .store_schema = true});
    return TempDir::Read(path_);
  }

  /// Where the first data page of every column of a row group is.
  std::vector<size_t> Pages(int row_group) {
    const auto file = parquet::ParquetFileReader::OpenFile(path_);
    const auto metadata = file->metadata()->RowGroup(row_group);
    std::vector<size_t> pages;
    for (int i = 0; i < metadata->num_columns(); ++i) {
      pages.push_back(static_cast<size_t>(metadata->ColumnChunk(i)->data_page_offset()));
    }
    return pages;
  }

  void ExpectCorrupted(const std::vector<std::string>& columns) {
    for (const bool own : {true, false}) {
      for (const bool mmap : {false, true}) {
        for (const int64_t buffer : {int64_t{1}, int64_t{300 << 10}, int64_t{64 << 20}}) {
          ReaderOptions options;
          options.lenient = true;
          options.own_pages = own;
          options.mmap = mmap;
          options.buffer_bytes = buffer;
          if (!columns.empty()) options.columns.emplace(columns.begin(), columns.end());
          const auto status = ReadFiles({path_}, options).status();
          EXPECT_TRUE(FailsWith(status, ErrorCode::kFileCorrupted))
              << "own " << own << ", mmap " << mmap << ", buffer " << buffer;
          EXPECT_EQ(DescribeError(status).context.path, path_) << status;
        }
      }
    }
  }

  TempDir dir_;
  const std::string path_ = dir_ / "file";
};

TEST_F(ReaderRows, AColumnWithTooFewIsACorruptedFile) {
  const auto names = EveryWay()->ColumnNames();
  for (const Form& form : {Form{parquet::Compression::UNCOMPRESSED, {}, 1 << 20},
                           Form{parquet::Compression::ZSTD, {}, 2000},
                           Form{parquet::Compression::ZSTD, {1000, 2000}, 1 << 20}}) {
    const std::string original = Write(form);
    const auto pages = Pages(form.row_groups.empty() ? 0 : 1);
    for (size_t i = 0; i < pages.size(); ++i) {
      SCOPED_TRACE(names[i]);
      std::string bytes = original;
      TakeValue(pages[i], &bytes);
      if (HasFatalFailure()) return;
      TempDir::Write(path_, bytes);
      ExpectCorrupted({});
      ExpectCorrupted({names[i]});
    }
  }
}

}  // namespace
}  // namespace packed::test
