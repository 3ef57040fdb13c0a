// Writing vectors as codes: what it holds meanwhile, lists, codes that are written again.

#include <algorithm>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "arrow/api.h"
#include "arrow/io/interfaces.h"

#include "packed/memory.h"
#include "quantized_fixture.h"

namespace packed::testing {
namespace {

using test::FailsWith;
using test::ReadFiles;

TEST_F(Quantized, ABatchInPartsIsRefusedWhole) {
  WriterOptions options;
  options.quantize = {OwnScales(), OneScale()};
  options.buffer_bytes = 4 << 10;  // codes of 19 rows at a time
  auto writer = PackedWriter::Open(schema_, GroupsOf(dir_, {{0, 1, 2, 3}}), options, LocalStore())
                    .ValueOrDie();
  const auto batch = Batch();
  ASSERT_TRUE(writer->Write(batch).ok());
  auto* values = const_cast<uint8_t*>(batch->column_data(2)->child_data[0]->buffers[1]->data());
  reinterpret_cast<float*>(values)[2000 * kDim] = kBound * 2;
  EXPECT_TRUE(FailsWith(writer->Write(batch->Slice(1000)), ErrorCode::kInvalidData,
                        {"row 1000 of field 'w'"}));
  EXPECT_EQ(writer->progress().rows, kRows);
  ASSERT_TRUE(writer->Write(batch->Slice(0, 1000)).ok());
  EXPECT_EQ(writer->Finish().ValueOrDie()[0].rows, kRows + 1000);
  EXPECT_EQ(writer->progress().buffered_bytes, 0);
  const auto table = ReadFiles({dir_.File("0")}).ValueOrDie();
  const auto expected = Expected(*v_, {});
  const auto column = ColumnOf(*table, "v8");
  EXPECT_TRUE(column->Slice(0, kRows)->Equals(expected));
  EXPECT_TRUE(column->Slice(kRows)->Equals(expected->Slice(0, 1000)));
}

/// Looks at what a writer has whenever it writes to a file.
class WatchingStore final : public FileStore {
 public:
  std::function<void()> look = [] {};

  arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                     IfExists if_exists) override {
    ARROW_ASSIGN_OR_RAISE(auto file, LocalStore()->Create(path, if_exists));
    return std::make_unique<File>(std::move(file), this);
  }
  arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                    const ReadOptions& options) override {
    return LocalStore()->Open(path, options);
  }

 private:
  class Stream final : public arrow::io::OutputStream {
   public:
    Stream(arrow::io::OutputStream* stream, WatchingStore* store)
        : stream_(stream), store_(store) {}
    using arrow::io::OutputStream::Write;
    arrow::Status Write(const void* data, int64_t bytes) override {
      store_->look();
      return stream_->Write(data, bytes);
    }
    arrow::Status Flush() override { return stream_->Flush(); }
    arrow::Status Close() override { return stream_->Close(); }
    arrow::Result<int64_t> Tell() const override { return stream_->Tell(); }
    bool closed() const override { return stream_->closed(); }

   private:
    arrow::io::OutputStream* stream_;
    WatchingStore* store_;
  };

  class File final : public PendingFile {
   public:
    File(std::unique_ptr<PendingFile> file, WatchingStore* store)
        : file_(std::move(file)), stream_(file_->stream(), store) {}
    arrow::io::OutputStream* stream() override { return &stream_; }
    arrow::Status Seal(bool fsync) override { return file_->Seal(fsync); }
    arrow::Status Publish() override { return file_->Publish(); }
    arrow::Status Unpublish() override { return file_->Unpublish(); }
    void Discard() noexcept override { file_->Discard(); }

   private:
    std::unique_ptr<PendingFile> file_;
    Stream stream_;
  };
};

TEST_F(Quantized, CodesAreCountedAndKeepToTheirPartOfTheBuffer) {
  constexpr int32_t kWide = 256;
  constexpr int64_t kMany = 32 << 10;  // 32 MiB of vectors, 8 MiB of codes
  constexpr int64_t kBuffer = 1 << 20;
  const auto type = arrow::fixed_size_binary(kWide * 4);
  const auto schema = arrow::schema({IdField("v", type, 101, false)});
  const auto batch = BatchOf(
      schema,
      {arrow::MakeArray(arrow::ArrayData::Make(type, kMany, {nullptr, Noise(kMany * kWide, 5)}))});
  for (const Layout layout : {Layout::kMilvus, Layout::kFast}) {
    WriterOptions options = DefaultOptions(layout);
    options.quantize = {OneScale()};
    options.quantize[0].field = "v";
    options.buffer_bytes = kBuffer;
    options.row_group_bytes = 256 << 10;
    options.if_exists = IfExists::kReplace;
    options.concurrency = 1;
    const auto store = std::make_shared<WatchingStore>();
    auto writer = PackedWriter::Open(schema, GroupsOf(dir_, {{0}}), options, store).ValueOrDie();
    const int64_t before = Pool()->bytes_allocated();
    int64_t counted = 0;
    int64_t allocated = 0;
    store->look = [&] {
      counted = std::max(counted, writer->progress().buffered_bytes);
      allocated = std::max(allocated, Pool()->bytes_allocated() - before);
    };
    ASSERT_TRUE(writer->Write(batch).ok());
    EXPECT_GE(counted, kBuffer / 4);
    EXPECT_LE(counted, kBuffer + kBuffer / 4);
    EXPECT_GE(allocated, kBuffer / 4);
    EXPECT_LE(allocated, 3 * kBuffer);
    EXPECT_EQ(writer->Finish().ValueOrDie()[0].rows, kMany);
    EXPECT_EQ(writer->progress().buffered_bytes, 0);
  }
}

TEST_F(Quantized, ListsOfADimAreVectors) {
  const auto lists = arrow::list(arrow::float32());
  const auto schema = arrow::schema(
      {IdField("v", lists, 101), IdField("w", arrow::large_list(arrow::float32()), 104)});
  const auto v = Json(lists, "[[1, -2], null, [0.5, 0.25], [127, 3]]");
  const auto w = Json(schema->field(1)->type(), "[[1, -2, 0], [0, 1, 2], null, [2, 2, 2]]");
  WriterOptions options;
  options.quantize = {OwnScales(), OneScale()};
  const auto open = [&] {
    return PackedWriter::Open(schema, GroupsOf(dir_, {{0, 1, 2}}), options, LocalStore());
  };
  EXPECT_TRUE(FailsWith(open().status(), ErrorCode::kTypeMismatch, {"'v'", "with a dim"}));
  options.quantize[0].dim = 2;
  options.quantize[1].dim = 3;
  auto writer = open().ValueOrDie();
  ASSERT_TRUE(writer->Write(BatchOf(schema, {v, w})).ok());
  const auto short_list = Json(lists, "[[1, 2], [3, 4], [5], [6, 7]]");
  EXPECT_TRUE(FailsWith(writer->Write(BatchOf(schema, {short_list, w})), ErrorCode::kInvalidData,
                        {"2 elements for row 2 of field 'v'"}));
  ASSERT_TRUE(writer->Write(BatchOf(schema, {v->Slice(2), w->Slice(2)})).ok());
  ASSERT_TRUE(writer->Finish().ok());
  ReaderOptions raw;
  raw.quantized = QuantizedForm::kRaw;
  const auto table = ReadFiles({dir_.File("0")}, raw).ValueOrDie();
  ASSERT_EQ(table->num_rows(), 6);
  const auto codes = std::static_pointer_cast<arrow::FixedSizeBinaryArray>(ColumnOf(*table, "v8"));
  EXPECT_EQ(codes->GetView(0), std::string_view("\x40\x81", 2));  // 63.5 to even: 64; -127
  EXPECT_TRUE(codes->IsNull(1));
  EXPECT_EQ(codes->GetView(4), codes->GetView(2));
  EXPECT_EQ(codes->GetView(5), std::string_view("\x7f\x03", 2));
  const auto others = std::static_pointer_cast<arrow::FixedSizeBinaryArray>(ColumnOf(*table, "w8"));
  EXPECT_TRUE(others->IsNull(2));
  EXPECT_TRUE(others->IsNull(4));
  EXPECT_EQ(others->GetView(5), std::string_view("\x7f\x7f\x7f", 3));
  for (const auto& type : {arrow::fixed_size_binary(8), lists}) {
    const auto other = arrow::schema({IdField("v", type, 101)});
    QuantizeField field = OwnScales();
    field.dim = type->id() == arrow::Type::LIST ? 0 : 2;
    EXPECT_TRUE(FailsWith(QuantizedSchema(other, {field}).status(), ErrorCode::kTypeMismatch));
  }
}

TEST_F(Quantized, CodesThatAreWrittenAgainSayWhatTheyAre) {
  Write({{0, 1, 2, 3}}, {OwnScales(), OneScale()});
  const std::string key = ReadBack(paths_[0]).Key(std::string(kQuantizationKey));
  ReaderOptions raw;
  raw.quantized = QuantizedForm::kRaw;
  const auto table = ReadFiles(paths_, raw).ValueOrDie();
  const auto batch = table->CombineChunksToBatch().ValueOrDie();
  WriterOptions options;
  options.quantization = key;
  options.if_exists = IfExists::kReplace;
  auto writer =
      PackedWriter::Open(batch->schema(), GroupsOf(dir_, {{0, 1}, {2, 3}}), options, LocalStore())
          .ValueOrDie();
  ASSERT_TRUE(writer->Write(batch).ok());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(writer->quantization(), key);
  const auto again = ReadFiles({dir_.File("0"), dir_.File("1")}).ValueOrDie();
  ExpectColumn(*again, "v8", Expected(*v_, {}));
  ExpectColumn(*again, "w8", Expected(*w_, kBound));

  const auto refused = [&](const WriterOptions& wrong, std::vector<int> columns) {
    const auto groups = GroupsOf(dir_, {std::move(columns)});
    return PackedWriter::Open(schema_, groups, wrong, LocalStore()).status();
  };
  options.quantize = {OwnScales(), OneScale()};
  EXPECT_TRUE(
      FailsWith(refused(options, {0, 1, 2, 3}), ErrorCode::kInvalidArgument, {"received both"}));
  options.quantize.clear();
  options.quantization = "{}";
  EXPECT_TRUE(FailsWith(refused(options, {0, 1, 2}), ErrorCode::kMetadataCorrupted, {"version"}));
}

}  // namespace
}  // namespace packed::testing
