// Own code and Arrow's reader give the same, whatever writes the pages and however steps cut them.

#include <cstdlib>
#include <random>

#include "mapped_column.h"
#include "packed/mapping.h"
#include "packed/memory.h"
#include "page_column.h"
#include "reader_support.h"
#include "row_group_stream.h"
#include "temp_dir.h"
#include "text_column.h"

namespace packed::test {
namespace {

constexpr int64_t kRows = 3000;

/// Bytes of a value that may be anything: times of day and decimals end.
int64_t FreeBytes(const arrow::DataType& type, int64_t width) {
  if (type.id() == arrow::Type::TIME32) return 3;
  if (type.id() == arrow::Type::DECIMAL128) return 8;
  return type.id() == arrow::Type::TIME64 ? 4 : width;
}

/// Whether Parquet allows the encoding for what the type is stored as.
bool Allows(parquet::Encoding::type encoding, const arrow::DataType& type) {
  const auto id = type.id();
  if (encoding == parquet::Encoding::PLAIN || id == arrow::Type::BOOL) return false;
  if (encoding == parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY ||
      encoding == parquet::Encoding::DELTA_BYTE_ARRAY) {
    return arrow::is_base_binary_like(id);
  }
  const bool integer = arrow::is_integer(id) || arrow::is_temporal(id);
  return integer || (encoding == parquet::Encoding::BYTE_STREAM_SPLIT && arrow::is_fixed_width(id));
}

/// Text of random length, now and then long, now and then none; a tenth of it null where asked.
template <typename Builder>
std::shared_ptr<arrow::Array> RandomText(bool nullable, int64_t distinct, uint32_t seed) {
  std::mt19937_64 random(seed);
  Builder builder;
  for (int64_t i = 0; i < kRows; ++i) {
    std::mt19937_64 value(static_cast<uint64_t>(random()) % distinct);
    std::string text(value() % (value() % 50 == 0 ? 400 : 30), ' ');
    for (char& letter : text) letter = static_cast<char>('a' + value() % 26);
    const bool null = nullable && random() % 10 == 0;
    const auto status = null ? builder.AppendNull() : builder.Append(text);
    if (!status.ok()) throw std::bad_alloc();
  }
  return builder.Finish().ValueOrDie();
}

/// Random bytes as an array of `type`, a tenth of it null where asked; few distinct values, so
/// that dictionaries hold.
std::shared_ptr<arrow::Array> RandomArray(const std::shared_ptr<arrow::DataType>& type,
                                          bool nullable, int64_t distinct, uint32_t seed) {
  std::mt19937_64 random(seed);
  const int64_t width = type->id() == arrow::Type::BOOL ? 1 : type->byte_width();
  std::shared_ptr<arrow::Buffer> values = arrow::AllocateBuffer(kRows * width).ValueOrDie();
  for (int64_t i = 0; i < kRows; ++i) {
    std::mt19937_64 value(static_cast<uint64_t>(random()) % distinct);
    for (int64_t j = 0; j < width; ++j) {
      const bool free = j < FreeBytes(*type, width);
      values->mutable_data()[i * width + j] = free ? static_cast<uint8_t>(value()) : 0;
    }
  }
  std::shared_ptr<arrow::Buffer> validity;
  if (nullable) {
    validity = arrow::AllocateBitmap(kRows).ValueOrDie();
    for (int64_t i = 0; i < kRows; ++i) {
      arrow::bit_util::SetBitTo(validity->mutable_data(), i, random() % 10 != 0);
    }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, kRows, {validity, values}));
}

struct Form {
  const char* name;
  parquet::ParquetDataPageVersion version;
  parquet::Compression::type codec;
  bool dictionary;
  int64_t page_bytes;
  bool checksum;
  parquet::Encoding::type encoding = parquet::Encoding::PLAIN;  ///< of the columns that can
};

const Form kForms[] = {
    {"stored", parquet::ParquetDataPageVersion::V1, parquet::Compression::UNCOMPRESSED, false,
     1 << 20, false},
    {"stored small pages", parquet::ParquetDataPageVersion::V1, parquet::Compression::UNCOMPRESSED,
     false, 500, false},
    {"zstd", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false, 1 << 20,
     false},
    {"zstd small pages", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false,
     700, true},
    {"dictionary", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, true, 900,
     false},
    {"snappy of version 2", parquet::ParquetDataPageVersion::V2, parquet::Compression::SNAPPY,
     false, 800, true},
    {"stored of version 2", parquet::ParquetDataPageVersion::V2, parquet::Compression::UNCOMPRESSED,
     false, 600, false},
    {"dictionary of version 2", parquet::ParquetDataPageVersion::V2, parquet::Compression::ZSTD,
     true, 1 << 20, false},
    {"delta", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false, 900, false,
     parquet::Encoding::DELTA_BINARY_PACKED},
    {"stored delta of version 2", parquet::ParquetDataPageVersion::V2,
     parquet::Compression::UNCOMPRESSED, false, 1 << 20, false,
     parquet::Encoding::DELTA_BINARY_PACKED},
    {"split", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false, 1100, false,
     parquet::Encoding::BYTE_STREAM_SPLIT},
    {"lengths apart", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false, 900,
     false, parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY},
    {"prefixes", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false, 1100,
     false, parquet::Encoding::DELTA_BYTE_ARRAY},
    {"stored prefixes of version 2", parquet::ParquetDataPageVersion::V2,
     parquet::Compression::UNCOMPRESSED, false, 1 << 20, true, parquet::Encoding::DELTA_BYTE_ARRAY},
    {"gzip, left to Arrow", parquet::ParquetDataPageVersion::V1, parquet::Compression::GZIP, true,
     900, false},
};

class ReaderPages : public ::testing::Test {
 protected:
  /// Every type that own code decodes, and some that it leaves to Arrow.
  static std::shared_ptr<arrow::Table> EveryType() {
    const std::shared_ptr<arrow::DataType> types[] = {
        arrow::boolean(),
        arrow::int8(),
        arrow::uint8(),
        arrow::int16(),
        arrow::uint16(),
        arrow::int32(),
        arrow::uint32(),
        arrow::int64(),
        arrow::uint64(),
        arrow::float16(),
        arrow::float32(),
        arrow::float64(),
        arrow::date32(),
        arrow::time32(arrow::TimeUnit::MILLI),
        arrow::time64(arrow::TimeUnit::MICRO),
        arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"),
        arrow::timestamp(arrow::TimeUnit::MILLI),
        arrow::duration(arrow::TimeUnit::NANO),
        arrow::decimal128(30, 3),
        arrow::fixed_size_binary(1),
        arrow::fixed_size_binary(3),
        arrow::fixed_size_binary(16),
        arrow::fixed_size_binary(500),
    };
    arrow::FieldVector fields;
    arrow::ArrayVector columns;
    for (const auto& type : types) {
      for (const bool nullable : {false, true}) {
        const auto id = static_cast<int64_t>(100 + fields.size());
        // 5,000 of 3,000: hardly one twice, which ends a dictionary.
        const int64_t distinct = fields.size() % 4 < 2 ? 40 : 5000;
        fields.push_back(IdField(id, "c" + std::to_string(id), type, nullable));
        columns.push_back(RandomArray(type, nullable, distinct, static_cast<uint32_t>(id)));
      }
    }
    for (const bool nullable : {false, true}) {
      for (const int64_t distinct : {40, 5000}) {
        const auto id = static_cast<int64_t>(200 + fields.size());
        const auto name = "t" + std::to_string(id);
        const auto seed = static_cast<uint32_t>(id);
        fields.push_back(IdField(id, name, arrow::utf8(), nullable));
        columns.push_back(RandomText<arrow::StringBuilder>(nullable, distinct, seed));
        fields.push_back(IdField(id + 1, name + "l", arrow::large_binary(), nullable));
        columns.push_back(RandomText<arrow::LargeBinaryBuilder>(nullable, distinct, seed));
      }
    }
    return TableOf(std::move(fields), std::move(columns));
  }

  std::string Write(const Form& form, const std::shared_ptr<arrow::Table>& table,
                    std::vector<int64_t> row_groups) {
    auto builder = parquet::WriterProperties::Builder();
    builder.data_page_version(form.version)
        ->compression(form.codec)
        ->data_pagesize(form.page_bytes)
        ->write_batch_size(37)
        ->dictionary_pagesize_limit(4000);
    if (form.dictionary) {
      builder.enable_dictionary();
    } else {
      builder.disable_dictionary();
    }
    if (form.checksum) builder.enable_page_checksum();
    for (const auto& field : table->schema()->fields()) {
      if (Allows(form.encoding, *field->type())) builder.encoding(field->name(), form.encoding);
    }
    WriteParquet(dir_ / "file", {.table = table,
                                 .row_groups = std::move(row_groups),
                                 .leave_out = {"group_field_id_list", "row_group_metadata"},
                                 .properties = builder.build(),
                                 .store_schema = true});
    return dir_ / "file";
  }

  static ReaderOptions Options(bool own, bool mmap = false, int64_t buffer_bytes = 0) {
    ReaderOptions options;
    options.lenient = true;
    options.own_pages = own;
    options.mmap = mmap;
    options.buffer_bytes = buffer_bytes;
    return options;
  }

  TempDir dir_;
};

TEST_F(ReaderPages, SameAsArrowsReader) {
  const auto table = EveryType();
  for (const Form& form : kForms) {
    for (const auto& row_groups :
         {std::vector<int64_t>{}, std::vector<int64_t>{1, 999, 0, 500, 1500}}) {
      const auto path = Write(form, table, row_groups);
      const auto arrows = ReadFiles({path}, Options(false));
      ASSERT_TRUE(arrows.ok()) << form.name << arrows.status();
      for (const bool mmap : {false, true}) {
        for (const int64_t buffer : {int64_t{1}, int64_t{300 << 10}, int64_t{64 << 20}}) {
          const auto own = ReadFiles({path}, Options(true, mmap, buffer));
          ASSERT_TRUE(own.ok()) << form.name << own.status();
          ASSERT_TRUE((*own)->ValidateFull().ok()) << form.name;
          for (const auto& name : (*own)->ColumnNames()) {
            EXPECT_TRUE((*own)->GetColumnByName(name)->Equals(
                (*arrows)->GetColumnByName(name), arrow::EqualOptions().nans_equal(true)))
                << form.name << ", " << (*own)->GetColumnByName(name)->type()->ToString() << ", "
                << row_groups.size() << " row groups, mmap " << mmap << ", buffer " << buffer;
          }
        }
      }
    }
  }
}

/// What MakeProjection makes of a file of which everything is read.
std::shared_ptr<const FileProjection> ProjectionOf(const std::string& path, bool mmap) {
  ReaderOptions options;
  options.lenient = true;
  options.mmap = mmap;
  const auto set = OpenFileSet({path}, options, LocalStore()).ValueOrDie();
  return MakeProjection(set, options).ValueOrDie().files.front();
}

TEST_F(ReaderPages, OwnCodeDecodesWhatItShould) {
  const auto table = EveryType();
  for (const Form& form : kForms) {
    const auto projection = ProjectionOf(Write(form, table, {}), false);
    const bool known = form.codec != parquet::Compression::GZIP;
    int own = 0;
    int text = 0;
    for (int i = 0; i < static_cast<int>(projection->columns.size()); ++i) {
      const auto column = PageColumn::Make(*projection, i, {0, 1}, /*whole=*/false).ValueOrDie();
      own += column ? 1 : 0;
      text += TextColumn::Make(*projection, i, {0, 1}, /*whole=*/false).ValueOrDie() ? 1 : 0;
    }
    // Decimals are Arrow's.
    EXPECT_EQ(own, known ? 44 : 0) << form.name;
    EXPECT_EQ(text, known ? 8 : 0) << form.name;
  }
}

TEST_F(ReaderPages, TheEnvironmentTurnsOwnCodeOff) {
  const auto path = Write(kForms[0], EveryType(), {});
  ::setenv("ARROW_PACKED_PAGE_READER", "0", 1);
  EXPECT_FALSE(ProjectionOf(path, false)->own_pages);
  ::unsetenv("ARROW_PACKED_PAGE_READER");
  EXPECT_TRUE(ProjectionOf(path, false)->own_pages);
}

/// Stored vectors behind a column that moves them by `shift` bytes per row.
std::shared_ptr<arrow::Table> ShiftedVectors(int shift) {
  return TableOf({IdField(100, "shift", arrow::fixed_size_binary(shift)),
                  IdField(101, "v", arrow::fixed_size_binary(512))},
                 {RandomArray(arrow::fixed_size_binary(shift), false, 5000, 1),
                  RandomArray(arrow::fixed_size_binary(512), false, 5000, 2)});
}

TEST_F(ReaderPages, NothingIsDecodedOnceItIsCancelled) {
  const Form pages{
      "pages", parquet::ParquetDataPageVersion::V1, parquet::Compression::ZSTD, false, 4000, false};
  const auto path = Write(pages, ShiftedVectors(4), {});
  const CancelToken cancel;
  RowGroupStream stream(ProjectionOf(path, false), {0, 1}, 5000, /*whole=*/false, nullptr, cancel);
  EXPECT_EQ(stream.Read(100).ValueOrDie().batches.front()->num_rows(), 100);
  cancel.Cancel();
  EXPECT_TRUE(FailsWith(stream.Read(100).status(), ErrorCode::kAborted));
}

TEST_F(ReaderPages, AlignedPagesOfAMappingAreHandedOut) {
  // A page for all rows, and headers of one length: the shifts are what moves the vectors.
  const Form one_page{"one page",
                      parquet::ParquetDataPageVersion::V1,
                      parquet::Compression::UNCOMPRESSED,
                      false,
                      64 << 20,
                      false};
  int handed_out = 0;
  for (int shift = 3; shift <= 10; ++shift) {
    const auto table = ShiftedVectors(shift)->Slice(0, 2999);
    const auto path = Write(one_page, table, {});
    const bool aligned = RowsHandedOut(*ProjectionOf(path, true), 1, 0) > 0;
    handed_out += aligned ? 1 : 0;
    const auto reader = OpenReader({path}, Options(true, true, 1)).ValueOrDie();
    const int64_t before = Pool()->bytes_allocated();
    int64_t rows = 0;
    while (const auto batch = reader->ReadNext().ValueOrDie()) {
      const auto& values = batch->column_data(1)->buffers[1];
      EXPECT_EQ(MappingOf(values) != nullptr, aligned);
      const auto expected = ColumnOf(*table->Slice(rows, batch->num_rows()), "v");
      EXPECT_TRUE(batch->column(1)->Equals(expected));
      // A private mapping: what is written to a batch stays in memory.
      if (aligned) std::memset(const_cast<uint8_t*>(values->data()), 0xff, 512);
      rows += batch->num_rows();
    }
    EXPECT_EQ(rows, 2999);
    EXPECT_LT(Pool()->bytes_allocated() - before, 1 << 20);
    EXPECT_TRUE(ReadFiles({path}, Options(true))
                    .ValueOrDie()
                    ->GetColumnByName("v")
                    ->Equals(table->GetColumnByName("v")));
  }
  EXPECT_EQ(handed_out, 1) << "of eight shifts one is aligned";
}

std::vector<std::pair<Form, std::shared_ptr<arrow::Table>>> Damaged(
    const std::shared_ptr<arrow::Table>& numbers, const std::shared_ptr<arrow::Table>& texts) {
  std::vector<std::pair<Form, std::shared_ptr<arrow::Table>>> all;
  for (const Form& form : kForms) {
    all.emplace_back(form, numbers);
    all.emplace_back(form, texts);
  }
  return all;
}

TEST_F(ReaderPages, DamagedPagesAreErrorsThatNameTheColumn) {
  const auto numbers = TableOf({IdField(100, "v", arrow::int64(), true)},
                               {RandomArray(arrow::int64(), true, 5000, 3)});
  const auto texts = TableOf({IdField(100, "v", arrow::binary(), true)},
                             {RandomText<arrow::BinaryBuilder>(true, 60, 3)});
  std::mt19937 random(20261121);
  for (const auto& [form, table] : Damaged(numbers, texts)) {
    const auto path = Write(form, table, {});
    const std::string original = TempDir::Read(path);
    for (int i = 0; i < 60; ++i) {
      std::string bytes = original;
      const size_t pages = bytes.size() - 1200;
      const size_t where = 4 + random() % (i % 2 == 0 ? 60 : pages);
      bytes[where] = static_cast<char>(bytes[where] ^ (1 + random() % 255));
      TempDir::Write(path, bytes);
      for (const int64_t buffer : {int64_t{1}, int64_t{64 << 20}}) {
        const auto read = ReadFiles({path}, Options(true, false, buffer));
        if (read.ok()) {
          EXPECT_EQ((*read)->num_rows(), kRows);
          EXPECT_TRUE((*read)->ValidateFull().ok());
          continue;
        }
        const ErrorInfo info = DescribeError(read.status());
        EXPECT_EQ(info.context.path, path) << read.status();
        EXPECT_NE(info.code, ErrorCode::kInternal) << read.status();
      }
    }
  }
}

TEST_F(ReaderPages, RowsThatLieAreNotAllocated) {
  const auto table = TableOf({IdField(100, "v", arrow::fixed_size_binary(500))},
                             {RandomArray(arrow::fixed_size_binary(500), false, 5000, 3)});
  const auto path = Write(kForms[2], table, {});
  std::string bytes = TempDir::Read(path);
  // The header of the only page: its uncompressed size becomes 2 GiB.
  const Form& form = kForms[2];
  ASSERT_EQ(bytes[4 + 2], 0x15) << form.name;
  for (int i = 0; i < 3; ++i) bytes[4 + 3 + i] = static_cast<char>(0xfe);
  TempDir::Write(path, bytes);
  const int64_t before = Pool()->max_memory();
  const auto read = ReadFiles({path}, Options(true));
  EXPECT_FALSE(read.ok());
  EXPECT_LT(Pool()->max_memory() - before, 256 << 20);
}

}  // namespace
}  // namespace packed::test
