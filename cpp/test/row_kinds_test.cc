// Rows by position of columns of every kind and encoding, out of chunks of many pages.

#include "packed/row_access.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "arrow/compute/api_vector.h"
#include "arrow/datum.h"

#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kRows = 30000;
/// Rows of a page and more in which everything is null.
constexpr int64_t kFirstNull = 4000;
constexpr int64_t kLastNull = 9000;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(bool nulls, Value&& value) {
  Builder builder;
  std::mt19937 random(11);
  for (int64_t i = 0; i < kRows; ++i) {
    const auto number = random();
    const bool null = nulls && (number % 5 == 0 || (i >= kFirstNull && i < kLastNull));
    EXPECT_TRUE((null ? builder.AppendNull() : builder.Append(value(number))).ok());
  }
  return builder.Finish().ValueOrDie();
}

/// Of 0 to 199 bytes, whose end says which.
std::string TextOf(uint32_t number) {
  const std::string text(number % 190, static_cast<char>('a' + number % 26));
  return text.empty() ? text : text + std::to_string(number);
}

std::shared_ptr<arrow::Table> TableOfKinds(bool nulls) {
  const auto text = [](uint32_t number) { return TextOf(number); };
  const auto few = [](uint32_t number) { return TextOf(number % 40); };
  const auto number = [](uint32_t value) { return static_cast<int64_t>(value) * 7919; };
  const auto narrow = [](uint32_t value) { return static_cast<int8_t>(value); };
  const auto flag = [](uint32_t value) { return value % 3 == 0; };
  return TableOf(
      {IdField(100, "plain", arrow::utf8(), true), IdField(101, "large", arrow::large_utf8(), true),
       IdField(102, "delta", arrow::binary(), true), IdField(103, "few", arrow::utf8(), true),
       IdField(104, "number", arrow::int64(), true), IdField(105, "narrow", arrow::int8(), true),
       IdField(106, "flag", arrow::boolean(), true)},
      {Build<arrow::StringBuilder>(nulls, text), Build<arrow::LargeStringBuilder>(nulls, text),
       Build<arrow::BinaryBuilder>(nulls, text), Build<arrow::StringBuilder>(nulls, few),
       Build<arrow::Int64Builder>(nulls, number), Build<arrow::Int8Builder>(nulls, narrow),
       Build<arrow::BooleanBuilder>(nulls, flag)});
}

struct Kind {
  bool nulls = false;
  parquet::Compression::type codec = parquet::Compression::ZSTD;
  parquet::ParquetDataPageVersion pages = parquet::ParquetDataPageVersion::V1;
};

class RowKinds : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    const auto properties = parquet::WriterProperties::Builder()
                                .compression(GetParam().codec)
                                ->data_page_version(GetParam().pages)
                                ->data_pagesize(20000)
                                ->write_batch_size(256)
                                ->disable_dictionary("plain")
                                ->disable_dictionary("large")
                                ->disable_dictionary("delta")
                                ->encoding("large", parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY)
                                ->encoding("delta", parquet::Encoding::DELTA_BYTE_ARRAY)
                                ->build();
    WriteParquet(path_, {.table = table_,
                         .row_groups = {29000, 1000},
                         .groups = "100,101,102,103,104,105,106",
                         .properties = properties,
                         .store_schema = true});
  }

  void ExpectTaken(RowAccess& access, const std::vector<int64_t>& rows) const {
    arrow::Int64Builder builder;
    ASSERT_TRUE(builder.AppendValues(rows).ok());
    const auto expected =
        arrow::compute::Take(arrow::Datum(table_), arrow::Datum(builder.Finish().ValueOrDie()))
            .ValueOrDie()
            .table();
    const auto taken = access.Take(rows);
    ASSERT_TRUE(taken.ok()) << taken.status();
    ASSERT_TRUE((*taken)->ValidateFull().ok());
    for (const auto& field : table_->fields()) {
      const auto column = (*taken)->GetColumnByName(field->name());
      const auto of = ColumnOf(*expected, field->name());
      EXPECT_TRUE(column->Equals(of)) << field->name();
      EXPECT_EQ(column->null_count(), of->null_count()) << field->name();
    }
  }

  TempDir dir_;
  const std::string path_ = dir_ / "0";
  const std::shared_ptr<arrow::Table> table_ = TableOfKinds(GetParam().nulls);
};

TEST_P(RowKinds, AreWhatWasWritten) {
  for (const bool own : {true, false}) {
    for (const bool mmap : {true, false}) {
      ReaderOptions options;
      options.own_pages = own;
      options.mmap = mmap;
      const auto access = RowAccess::Open({path_}, options, LocalStore()).ValueOrDie();
      std::vector<int64_t> rows(kRows);
      std::iota(rows.begin(), rows.end(), 0);
      ExpectTaken(*access, rows);
      std::mt19937 random(5);
      std::shuffle(rows.begin(), rows.end(), random);
      rows.resize(500);
      ExpectTaken(*access, rows);
      rows.resize(3);
      ExpectTaken(*access, rows);
      ExpectTaken(*access, {kFirstNull + 3, kLastNull - 1});
      ExpectTaken(*access, {kRows - 1, 28999, 29000, 0});
      ExpectTaken(*access, {});
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, RowKinds,
    ::testing::Values(Kind{}, Kind{.nulls = true},
                      Kind{.codec = parquet::Compression::UNCOMPRESSED},
                      Kind{.nulls = true, .codec = parquet::Compression::UNCOMPRESSED},
                      Kind{.pages = parquet::ParquetDataPageVersion::V2},
                      Kind{.nulls = true, .pages = parquet::ParquetDataPageVersion::V2}));

TEST(RowKindsDamage, PagesOfTextNameTheFile) {
  const TempDir dir;
  const auto table = TableOfKinds(false);
  const auto properties = parquet::WriterProperties::Builder()
                              .disable_dictionary()
                              ->compression(parquet::Compression::UNCOMPRESSED)
                              ->data_pagesize(20000)
                              ->write_batch_size(256)
                              ->build();
  const auto path = dir / "0";
  WriteParquet(
      path,
      {.table = table->SelectColumns({0}).ValueOrDie(), .groups = "100", .properties = properties});
  std::string bytes = TempDir::Read(path);
  // A text of the last row says that it is longer than its page.
  const auto last = std::static_pointer_cast<arrow::StringArray>(ColumnOf(*table, "plain"));
  const std::string text = last->GetString(kRows - 1);
  ASSERT_GT(text.size(), 8U);
  const size_t at = bytes.rfind(text);
  ASSERT_NE(at, std::string::npos);
  bytes[at - 2] = '\x7f';
  TempDir::Write(path, bytes);
  const auto access = RowAccess::Open({path}, {}, LocalStore()).ValueOrDie();
  const auto sound = access->Take({3, 17, 20000}).ValueOrDie();
  const auto texts = std::static_pointer_cast<arrow::StringArray>(sound->column(0));
  EXPECT_EQ(texts->GetString(2), last->GetString(20000));
  EXPECT_TRUE(FailsWith(access->Take({0, 20000, kRows - 1}).status(), ErrorCode::kFileCorrupted,
                        {path, "plain"}));
}

}  // namespace
}  // namespace packed::test
