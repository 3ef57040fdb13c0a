// Parquet modular encryption: format note 2.6, case 52 of 8.2 and quirk 16.

#include "packed/encryption.h"

#include <cstring>
#include <fstream>
#include <set>

#include "arrow/io/file.h"
#include "parquet/arrow/writer.h"
#include "parquet/file_reader.h"

#include "packed/row_group_reader.h"
#include "reader_support.h"
#include "writer_harness.h"

namespace packed::testing {
namespace {

using arrow::util::SecureString;
using test::FailsWith;
using test::ReadFiles;

constexpr const char* kMetadata = "encryption_meta_data";

SecureString Key(size_t bytes, char fill = 'k') { return SecureString(bytes, fill); }

Encryption EncryptionOf(SecureString key,
                        EncryptionAlgorithm algorithm = EncryptionAlgorithm::kAesGcmV1) {
  return {std::move(key), kMetadata, algorithm};
}

ReaderOptions WithKey(SecureString key, const std::string& metadata = kMetadata) {
  ReaderOptions options;
  options.keys.emplace(metadata, std::move(key));
  return options;
}

template <typename T>
T Must(arrow::Result<T> result) {
  EXPECT_TRUE(result.ok()) << result.status();
  return std::move(result).ValueOrDie();
}

void WriteBytes(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// The length field of the tail plus 8.
int64_t TailBytes(const std::string& file) {
  uint32_t length = 0;
  std::memcpy(&length, file.data() + file.size() - 8, sizeof(length));
  return int64_t{length} + 8;
}

/// What a file's authenticated data starts with: made of random bytes by its crypto objects.
std::string FileUniqueOf(const std::string& file) {
  const int64_t tail = TailBytes(file);
  const auto* footer = reinterpret_cast<const uint8_t*>(file.data()) + file.size() - tail;
  const auto crypto = parquet::FileCryptoMetaData::Make(footer, tail - 8);
  return crypto->encryption_algorithm().aad.aad_file_unique;
}

class EncryptionTest : public ::testing::Test {
 protected:
  static constexpr int64_t kRows = 5000;

  std::vector<GroupResult> Write(std::optional<Encryption> encryption,
                                 const std::vector<std::vector<int>>& columns = {{0, 1}, {2}}) {
    WriterOptions options;
    options.encryption = std::move(encryption);
    options.row_group_bytes = 16 << 10;
    options.if_exists = IfExists::kReplace;
    options.user_metadata = {{"collection", "a secret name"}};
    return WriteAll(schema_, GroupsOf(dir_, columns), {batch_}, options);
  }

  void ExpectRows(const arrow::Result<std::shared_ptr<arrow::Table>>& read) const {
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ((*read)->num_rows(), kRows);
    for (const auto& field : schema_->fields()) {
      EXPECT_TRUE(
          test::ColumnOf(**read, field->name())->Equals(batch_->GetColumnByName(field->name())))
          << field->name();
    }
  }

  ScratchDir dir_;
  const std::vector<std::string> paths_{dir_.File("0"), dir_.File("1")};
  const std::shared_ptr<arrow::Schema> schema_ =
      arrow::schema({IdField("id", arrow::int64(), 100, false),
                     IdField("a secret column", arrow::utf8(), 101, false),
                     IdField("vector", arrow::fixed_size_binary(64), 102, false)});
  const std::shared_ptr<arrow::RecordBatch> batch_ =
      BatchOf(schema_, {test::Int64s(kRows), test::Strings(kRows, "a secret value "), Vectors()});

 private:
  static std::shared_ptr<arrow::Array> Vectors() {
    arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(64));
    for (int64_t i = 0; i < kRows; ++i) {
      std::string vector(64, static_cast<char>(i));
      EXPECT_TRUE(builder.Append(vector).ok());
    }
    return builder.Finish().ValueOrDie();
  }
};

TEST_F(EncryptionTest, EveryKeyLengthAndAlgorithmIsReadBack) {
  for (const size_t bytes : {16, 24, 32}) {
    for (const auto algorithm :
         {EncryptionAlgorithm::kAesGcmV1, EncryptionAlgorithm::kAesGcmCtrV1}) {
      const auto results = Write(EncryptionOf(Key(bytes), algorithm));
      ASSERT_GT(results[0].row_groups, 1);
      ExpectRows(ReadFiles(paths_, WithKey(Key(bytes))));
    }
  }
}

TEST_F(EncryptionTest, NothingOfTheDataIsInTheClear) {
  Write(EncryptionOf(Key(16)));
  const std::string file = ReadBytes(paths_[0]);
  EXPECT_EQ(file.substr(0, 4), "PARE");
  EXPECT_EQ(file.substr(file.size() - 4), "PARE");
  EXPECT_NE(file.find(kMetadata), std::string::npos);
  for (const char* secret :
       {"a secret", "group_field_id_list", "row_group_metadata", "storage_version", "kkkkkkkk"}) {
    EXPECT_EQ(file.find(secret), std::string::npos) << secret;
  }
  const auto info = Must(DescribeFile(*LocalStore(), paths_[0], WithKey(Key(16)).keys));
  EXPECT_EQ(info.layout, FileLayout::kPacked);
  EXPECT_EQ(info.key_values[0].second, "100,101;102");
  EXPECT_EQ(info.key_values[1].second, "a secret name");
}

TEST_F(EncryptionTest, EveryFileHasItsOwnCryptoObjects) {
  const auto results = Write(EncryptionOf(Key(32)), {{0}, {1}, {2}});
  const std::vector<std::string> paths{dir_.File("0"), dir_.File("1"), dir_.File("2")};
  for (int round = 0; round < 20; ++round) {
    ReaderOptions options = WithKey(Key(32));
    options.buffer_bytes = round % 2 ? -1 : 64 << 10;
    options.batch_rows = 700;
    ExpectRows(ReadFiles(paths, options));
  }
  std::set<std::string> unique;
  for (const auto& path : paths) unique.insert(FileUniqueOf(ReadBytes(path)));
  EXPECT_EQ(unique.size(), paths.size());
}

TEST_F(EncryptionTest, FooterBytesAreThoseOfTheFile) {
  for (const auto& result : Write(EncryptionOf(Key(24)))) {
    const std::string file = ReadBytes(result.path);
    EXPECT_EQ(result.file_bytes, static_cast<int64_t>(file.size()));
    EXPECT_EQ(result.footer_bytes, TailBytes(file));
    const auto info = Must(DescribeFile(*LocalStore(), result.path, WithKey(Key(24)).keys));
    EXPECT_EQ(info.footer_bytes, result.footer_bytes);
    EXPECT_EQ(info.file_bytes, result.file_bytes);
    // What re-serialising the plain footer would say, and the reason not to.
    parquet::ReaderProperties properties;
    properties.file_decryption_properties(
        parquet::FileDecryptionProperties::Builder().footer_key(Key(24))->build());
    const auto reader =
        parquet::ParquetFileReader::OpenFile(result.path, /*memory_map=*/false, properties);
    EXPECT_NE(static_cast<int64_t>(reader->metadata()->size()) + 8, result.footer_bytes);
  }
}

TEST_F(EncryptionTest, RowGroupReaderTakesKeysToo) {
  const auto results = Write(EncryptionOf(Key(16)));
  auto reader = Must(RowGroupReader::Open(paths_[0], WithKey(Key(16)), LocalStore()));
  ASSERT_TRUE(reader->SetRange(0, results[0].row_groups).ok());
  int64_t rows = 0;
  for (int i = 0; i < results[0].row_groups; ++i) {
    const auto table = Must(reader->ReadNext());
    EXPECT_TRUE(
        test::ColumnOf(*table, "id")->Equals(batch_->column(0)->Slice(rows, table->num_rows())));
    rows += table->num_rows();
  }
  EXPECT_EQ(rows, kRows);
  EXPECT_TRUE(FailsWith(RowGroupReader::Open(paths_[0], {}, LocalStore()).status(),
                        ErrorCode::kEncryption, {paths_[0]}));
}

TEST_F(EncryptionTest, FiltersSkipRowGroupsByEncryptedStatistics) {
  const auto results = Write(EncryptionOf(Key(16)));
  ReaderOptions options = WithKey(Key(16));
  options.filter = Filter{FilterOp::kEqual, {}, "id", {kRows - 1}};
  options.columns = {std::string("vector")};
  const auto reader = Must(test::OpenReader(paths_, options));
  const auto batch = Must(reader->ReadNext());
  ASSERT_EQ(batch->num_rows(), 1);
  EXPECT_TRUE(batch->column(0)->Equals(batch_->column(2)->Slice(kRows - 1)));
  EXPECT_EQ(Must(reader->ReadNext()), nullptr);
  const FilterStats stats = reader->filter_stats();
  EXPECT_EQ(stats.row_groups_read + stats.row_groups_skipped,
            results[0].row_groups + results[1].row_groups);
  EXPECT_GE(stats.row_groups_skipped, results[0].row_groups - 1);
}

TEST_F(EncryptionTest, PlainFilesNeedNoKeyAndTakeAny) {
  Write(std::nullopt);
  ExpectRows(ReadFiles(paths_, WithKey(Key(16))));
  const auto metadata = Must(ReadKeyMetadata(*LocalStore(), paths_[0]));
  EXPECT_EQ(metadata, std::nullopt);
}

TEST_F(EncryptionTest, AMissingKeyIsNamedByItsMetadata) {
  Write(EncryptionOf(Key(16)));
  EXPECT_TRUE(FailsWith(ReadFiles(paths_).status(), ErrorCode::kEncryption,
                        {"Expected a key for the key metadata 'encryption_meta_data'",
                         "but received none", paths_[0]}));
  EXPECT_TRUE(FailsWith(ReadFiles(paths_, WithKey(Key(16), "another")).status(),
                        ErrorCode::kEncryption, {kMetadata}));
  EXPECT_TRUE(FailsWith(DescribeFile(*LocalStore(), paths_[1]).status(), ErrorCode::kEncryption,
                        {paths_[1]}));
  const auto metadata = Must(ReadKeyMetadata(*LocalStore(), paths_[1]));
  EXPECT_EQ(metadata, kMetadata);
}

TEST_F(EncryptionTest, AWrongKeyIsAnErrorThatDoesNotSayIt) {
  Write(EncryptionOf(Key(16)));
  for (const size_t bytes : {16, 32}) {
    const auto status = ReadFiles(paths_, WithKey(Key(bytes, 'W'))).status();
    EXPECT_TRUE(FailsWith(status, ErrorCode::kEncryption, {"Expected the key", paths_[0]}));
    EXPECT_EQ(status.ToString().find("WWWW"), std::string::npos);
  }
  const auto status = ReadFiles(paths_, WithKey(Key(15, 'W'))).status();
  EXPECT_TRUE(FailsWith(status, ErrorCode::kInvalidArgument,
                        {"16, 24 or 32 bytes", kMetadata, "received 15 bytes"}));
  EXPECT_EQ(status.ToString().find("WWWW"), std::string::npos);
}

TEST_F(EncryptionTest, BinaryMetadataFindsItsKeyAndIsShownAsHex) {
  Encryption encryption = EncryptionOf(Key(16));
  encryption.metadata = std::string("\0\x01\xff_zone", 8);
  Write(encryption);
  ExpectRows(ReadFiles(paths_, WithKey(Key(16), encryption.metadata)));
  EXPECT_TRUE(
      FailsWith(ReadFiles(paths_).status(), ErrorCode::kEncryption, {"'0x0001FF5F7A6F6E65'"}));
}

TEST_F(EncryptionTest, FilesOfOneReaderMayHaveDifferentKeys) {
  Write(EncryptionOf(Key(16)));
  const std::string first = ReadBytes(paths_[0]);
  Write(Encryption{Key(32, 'z'), "second"});
  WriteBytes(paths_[0], first);
  ReaderOptions options = WithKey(Key(16));
  options.keys.emplace("second", Key(32, 'z'));
  ExpectRows(ReadFiles(paths_, options));
}

TEST_F(EncryptionTest, DamageInPagesIsCorruptionAndInTheFooterEncryption) {
  Write(EncryptionOf(Key(16)), {{0, 1, 2}});
  const std::string file = ReadBytes(paths_[0]);
  const auto footer = static_cast<size_t>(TailBytes(file));
  for (size_t at = 4; at < file.size() - footer; at += 3989) {
    std::string damaged = file;
    damaged[at] ^= 1;
    WriteBytes(paths_[0], damaged);
    EXPECT_TRUE(FailsWith(ReadFiles({paths_[0]}, WithKey(Key(16))).status(),
                          ErrorCode::kFileCorrupted, {paths_[0]}))
        << at;
  }
  for (size_t at = file.size() - footer; at < file.size(); at += 13) {
    std::string damaged = file;
    damaged[at] ^= 1;
    WriteBytes(paths_[0], damaged);
    const auto code = CodeOf(ReadFiles({paths_[0]}, WithKey(Key(16))).status());
    EXPECT_TRUE(code == ErrorCode::kEncryption || code == ErrorCode::kFileCorrupted)
        << at << ": " << static_cast<int>(code);
  }
  std::string damaged = file;
  damaged[file.size() - 100] ^= 1;
  WriteBytes(paths_[0], damaged);
  EXPECT_TRUE(FailsWith(ReadFiles({paths_[0]}, WithKey(Key(16))).status(), ErrorCode::kEncryption,
                        {"or a damaged footer"}));
}

TEST_F(EncryptionTest, MoreRowGroupsThanTheFormatCountsAreAnError) {
  const auto schema = arrow::schema({schema_->field(0)});
  WriterOptions options;
  options.encryption = EncryptionOf(Key(16));
  options.row_group_bytes = 1;
  auto writer = Must(PackedWriter::Open(schema, GroupsOf(dir_, {{0}}), options, LocalStore()));
  ASSERT_TRUE(writer->Write(BatchOf(schema, {test::Int64s(32000)})).ok());
  const auto status = writer->Write(BatchOf(schema, {test::Int64s(1000)}));
  EXPECT_TRUE(FailsWith(status, ErrorCode::kInvalidData, {"row groups", dir_.File("0")}));
  writer.reset();
  EXPECT_TRUE(dir_.Entries().empty());
}

TEST_F(EncryptionTest, BadArgumentsMakeNoFile) {
  struct Case {
    Encryption encryption;
    std::string says;
  };
  for (const auto& [encryption, says] :
       {Case{{Key(0), "m"}, "received 0 bytes"}, Case{{Key(17, 'S'), "m"}, "received 17 bytes"},
        Case{{Key(16), ""}, "key metadata of at least one byte"}}) {
    WriterOptions options;
    options.encryption = encryption;
    const auto status =
        PackedWriter::Open(schema_, GroupsOf(dir_, {{0, 1, 2}}), options, LocalStore()).status();
    EXPECT_TRUE(FailsWith(status, ErrorCode::kInvalidArgument, {"encryption", says}));
    EXPECT_EQ(status.ToString().find("SSSS"), std::string::npos);
  }
  EXPECT_TRUE(dir_.Entries().empty());
}

/// A file that another writer encrypted, in ways that ours does not.
void WriteForeign(const std::string& path, const arrow::RecordBatch& batch,
                  std::shared_ptr<parquet::FileEncryptionProperties> encryption) {
  parquet::WriterProperties::Builder builder;
  builder.encryption(std::move(encryption));
  auto sink = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  auto table = arrow::Table::FromRecordBatches({batch.Slice(0)}).ValueOrDie();
  ASSERT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), sink,
                                         batch.num_rows(), builder.build())
                  .ok());
}

TEST_F(EncryptionTest, ForeignFilesAreReadOrRefusedByName) {
  using Builder = parquet::FileEncryptionProperties::Builder;
  const std::string path = dir_.File("foreign");
  ReaderOptions options = WithKey(Key(16), "");
  options.lenient = true;

  WriteForeign(path, *batch_, Builder(Key(16)).build());
  const auto nameless = Must(ReadKeyMetadata(*LocalStore(), path));
  EXPECT_EQ(nameless, "");
  ExpectRows(ReadFiles({path}, options));

  WriteForeign(path, *batch_,
               Builder(Key(16)).aad_prefix("table")->disable_aad_prefix_storage()->build());
  EXPECT_TRUE(
      FailsWith(ReadFiles({path}, options).status(), ErrorCode::kEncryption, {"AAD prefix"}));

  WriteForeign(path, *batch_, Builder(Key(16)).set_plaintext_footer()->build());
  EXPECT_TRUE(
      FailsWith(ReadFiles({path}, options).status(), ErrorCode::kNotSupported, {"plain footer"}));

  const auto column = parquet::ColumnEncryptionProperties::WithColumnKey(Key(32), "column");
  WriteForeign(path, *batch_, Builder(Key(16)).encrypted_columns({{"id", column}})->build());
  EXPECT_TRUE(FailsWith(ReadFiles({path}, options).status(), ErrorCode::kEncryption, {"id"}));
  options.keys.emplace("column", Key(32));
  ExpectRows(ReadFiles({path}, options));
}

}  // namespace
}  // namespace packed::testing
