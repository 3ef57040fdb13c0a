#include <limits>
#include <string>
#include <vector>

#include "arrow/array.h"
#include "arrow/util/key_value_metadata.h"
#include "gtest/gtest.h"

#include "writer_harness.h"

/// Every refusal: its code, what it names, and that nothing stays on disk.
namespace packed::testing {
namespace {

std::shared_ptr<arrow::Schema> ThreeFields() {
  return arrow::schema({IdField("id", arrow::int64(), 100, false),
                        IdField("text", arrow::utf8(), 101),
                        IdField("vec", arrow::list(arrow::float32()), 102)});
}

class WriterErrors : public ::testing::Test {
 protected:
  void ExpectRefused(ErrorCode code, const std::string& mention) {
    const auto writer = PackedWriter::Open(schema_, groups_, options_, LocalStore());
    ASSERT_FALSE(writer.ok()) << "expected " << mention;
    const auto error = DescribeError(writer.status());
    EXPECT_EQ(error.code, code) << error.message;
    EXPECT_NE(error.message.find(mention), std::string::npos) << error.message;
    EXPECT_TRUE(dir_.Entries().empty());
  }

  ScratchDir dir_;
  std::shared_ptr<arrow::Schema> schema_ = ThreeFields();
  std::vector<ColumnGroup> groups_ = GroupsOf(dir_, {{0, 1}, {2}});
  WriterOptions options_;
};

TEST_F(WriterErrors, NullSchemaOrStore) {
  EXPECT_EQ(CodeOf(PackedWriter::Open(nullptr, groups_, {}, LocalStore()).status()),
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(CodeOf(PackedWriter::Open(schema_, groups_, {}, nullptr).status()),
            ErrorCode::kInvalidArgument);
  EXPECT_TRUE(dir_.Entries().empty());
}

TEST_F(WriterErrors, FieldIds) {
  schema_ = arrow::schema({arrow::field("bare", arrow::int64())});
  groups_ = GroupsOf(dir_, {{0}});
  ExpectRefused(ErrorCode::kInvalidSchema, "bare");
  schema_ = arrow::schema(
      {arrow::field("wordy", arrow::int64(), true,
                    arrow::key_value_metadata({"PARQUET:field_id"}, {"not_a_number"}))});
  ExpectRefused(ErrorCode::kInvalidSchema, "wordy");
  schema_ = arrow::schema({IdField("wide", arrow::int64(), int64_t{1} << 31)});
  ExpectRefused(ErrorCode::kInvalidSchema, "2147483648");
  schema_ = arrow::schema({IdField("a", arrow::int64(), 5), IdField("b", arrow::int64(), 5)});
  groups_ = GroupsOf(dir_, {{0, 1}});
  ExpectRefused(ErrorCode::kInvalidSchema, "5");
}

TEST_F(WriterErrors, DuplicateNames) {
  schema_ = arrow::schema({IdField("a", arrow::int64(), 5), IdField("a", arrow::int64(), 6)});
  groups_ = GroupsOf(dir_, {{0, 1}});
  ExpectRefused(ErrorCode::kInvalidSchema, "'a'");
}

TEST_F(WriterErrors, Groups) {
  groups_ = {};
  ExpectRefused(ErrorCode::kInvalidArgument, "column group");
  groups_ = GroupsOf(dir_, {{0, 1}});
  ExpectRefused(ErrorCode::kInvalidArgument, "vec");
  groups_ = GroupsOf(dir_, {{0, 1}, {1, 2}});
  ExpectRefused(ErrorCode::kInvalidArgument, "text");
  groups_ = GroupsOf(dir_, {{0, 1, 0}, {2}});
  ExpectRefused(ErrorCode::kInvalidArgument, "id");
  groups_ = GroupsOf(dir_, {{0, 1, 2}, {}});
  ExpectRefused(ErrorCode::kInvalidArgument, "at least one column");
  groups_ = GroupsOf(dir_, {{0, 1}, {3}});
  ExpectRefused(ErrorCode::kInvalidArgument, "received 3");
  groups_ = GroupsOf(dir_, {{0, 1, 2, -1}});
  ExpectRefused(ErrorCode::kInvalidArgument, "received -1");
  groups_ = GroupsOf(dir_, {{100, 200, 300}});
  ExpectRefused(ErrorCode::kInvalidArgument, "received 100");
}

TEST_F(WriterErrors, Paths) {
  groups_[1].path = "";
  ExpectRefused(ErrorCode::kInvalidArgument, "path");
  groups_[1].path = groups_[0].path;
  ExpectRefused(ErrorCode::kInvalidArgument, groups_[0].path);
  groups_[1].path = dir_.File("x/.././0");
  ExpectRefused(ErrorCode::kInvalidArgument, "twice");
}

TEST_F(WriterErrors, Options) {
  options_.columns["nobody"] = {};
  ExpectRefused(ErrorCode::kInvalidArgument, "nobody");
  options_ = {};
  options_.codec.level = 99;
  ExpectRefused(ErrorCode::kInvalidArgument, "99");
  options_ = {};
  options_.columns["text"].codec = Codec{arrow::Compression::SNAPPY, 3};
  ExpectRefused(ErrorCode::kInvalidArgument, "text");
  options_ = {};
  options_.vector_codec = Codec{arrow::Compression::BZ2, std::nullopt};
  ExpectRefused(ErrorCode::kInvalidArgument, "bz2");
  options_ = {};
  options_.row_group_bytes = 0;
  ExpectRefused(ErrorCode::kInvalidArgument, "row group bytes");
  options_ = {};
  options_.buffer_bytes = -1;
  ExpectRefused(ErrorCode::kInvalidArgument, "buffer bytes");
  for (const char* key :
       {"group_field_id_list", "row_group_metadata", "storage_version", "ARROW:schema"}) {
    options_ = {};
    options_.user_metadata = {{"fine", "1"}, {key, "x"}};
    ExpectRefused(ErrorCode::kInvalidArgument, key);
  }
}

TEST_F(WriterErrors, VectorDimensions) {
  options_.columns["text"].vector_dim = 4;
  ExpectRefused(ErrorCode::kInvalidArgument, "text");
  options_ = {};
  options_.columns["vec"].vector_dim = 0;
  ExpectRefused(ErrorCode::kInvalidSchema, "vec");
  options_.columns["vec"].vector_dim = std::numeric_limits<int32_t>::max();
  ExpectRefused(ErrorCode::kInvalidSchema, "vec");
}

TEST_F(WriterErrors, TypesThatParquetCannotHoldNameTheField) {
  const auto odd = {
      arrow::month_day_nano_interval(),
      arrow::day_time_interval(),
      arrow::dense_union({arrow::field("a", arrow::int32())}),
      arrow::sparse_union({arrow::field("a", arrow::int32())}),
      arrow::run_end_encoded(arrow::int32(), arrow::utf8()),
      arrow::struct_({}),
      arrow::list(arrow::struct_({})),
      arrow::fixed_size_binary(0),
      arrow::fixed_size_list(arrow::int32(), 0),
      arrow::list(arrow::fixed_size_list(arrow::int32(), 0)),
  };
  for (const auto& type : odd) {
    SCOPED_TRACE(type->ToString());
    schema_ = arrow::schema({IdField("fine", arrow::int64(), 1), IdField("strange", type, 2)});
    groups_ = GroupsOf(dir_, {{0, 1}});
    ExpectRefused(ErrorCode::kUnsupportedType, "strange");
  }
}

TEST_F(WriterErrors, ColumnPathsThatCollideInOneGroup) {
  const auto nested = arrow::struct_({arrow::field("b", arrow::int32())});
  schema_ = arrow::schema({IdField("a", nested, 1), IdField("a.b", arrow::int32(), 2)});
  groups_ = GroupsOf(dir_, {{0, 1}});
  ExpectRefused(ErrorCode::kInvalidSchema, "a.b");
}

TEST_F(WriterErrors, SecondFileThatCannotBeMadeTakesTheFirstBack) {
  groups_[1].path = "/proc/none/file";
  ExpectRefused(CodeOf(PackedWriter::Open(schema_, groups_, {}, LocalStore()).status()),
                "/proc/none/file");
}

TEST_F(WriterErrors, ExistingFileIsKeptUnlessReplaced) {
  const auto batch = BatchOf(schema_, {Json(arrow::int64(), "[1]"), Json(arrow::utf8(), "[null]"),
                                       Json(schema_->field(2)->type(), "[[1.5]]")});
  WriteAll(schema_, groups_, {batch});
  const auto before = ReadBytes(dir_.File("0"));
  EXPECT_EQ(CodeOf(PackedWriter::Open(schema_, groups_, {}, LocalStore()).status()),
            ErrorCode::kAlreadyExists);
  EXPECT_EQ(ReadBytes(dir_.File("0")), before);
  options_.if_exists = IfExists::kReplace;
  WriteAll(schema_, groups_, {batch, batch}, options_);
  EXPECT_EQ(ReadBack(dir_.File("0")).table->num_rows(), 2);
  EXPECT_EQ(dir_.Entries().size(), 2u);
}

TEST_F(WriterErrors, FileThatAppearsMeanwhileTakesTheOthersBack) {
  auto writer = PackedWriter::Open(schema_, groups_, {}, LocalStore()).ValueOrDie();
  auto rival = PackedWriter::Open(arrow::schema({schema_->field(0)}), {{0, groups_[1].path, {0}}},
                                  {}, LocalStore())
                   .ValueOrDie();
  ASSERT_TRUE(rival->Finish().ok());
  const auto rivals = ReadBytes(groups_[1].path);
  const auto error = DescribeError(writer->Finish().status());
  EXPECT_EQ(error.code, ErrorCode::kAlreadyExists);
  EXPECT_EQ(error.context.path, groups_[1].path);
  EXPECT_EQ(dir_.Entries(), std::vector<std::string>{"1"});
  EXPECT_EQ(ReadBytes(groups_[1].path), rivals);
}

/// A refused batch: code and field, and the writer goes on as if it had not been offered.
class WriterBatchErrors : public WriterErrors {
 protected:
  void SetUp() override {
    options_.columns["vec"].vector_dim = 2;
    Start();
  }

  void Start() {
    writer_ = PackedWriter::Open(schema_, groups_, options_, LocalStore()).ValueOrDie();
  }

  void ExpectRefused(const std::shared_ptr<arrow::RecordBatch>& batch, ErrorCode code,
                     const std::string& mention) {
    const auto error = DescribeError(writer_->Write(batch));
    EXPECT_EQ(error.code, code) << error.message;
    EXPECT_NE(error.message.find(mention), std::string::npos) << error.message;
    EXPECT_EQ(writer_->progress().rows, 0);
    EXPECT_EQ(writer_->progress().buffered_bytes, 0);
  }

  arrow::ArrayVector Columns() const {
    return {Json(arrow::int64(), "[1, 2]"), Json(arrow::utf8(), R"(["a", null])"),
            Json(schema_->field(2)->type(), "[[1, 2], null]")};
  }

  /// Good columns with one of them replaced.
  std::shared_ptr<arrow::RecordBatch> With(int column, std::shared_ptr<arrow::Array> array) const {
    auto columns = Columns();
    columns[column] = std::move(array);
    auto schema = schema_;
    if (!columns[column]->type()->Equals(schema->field(column)->type())) {
      schema = schema->SetField(column, schema->field(column)->WithType(columns[column]->type()))
                   .ValueOrDie();
    }
    return arrow::RecordBatch::Make(schema, 2, std::move(columns));
  }

  std::unique_ptr<PackedWriter> writer_;
};

TEST_F(WriterBatchErrors, RefusedBatchesLeaveTheWriterUsable) {
  const auto good = BatchOf(schema_, Columns());
  ExpectRefused(good->RemoveColumn(2).ValueOrDie(), ErrorCode::kInvalidArgument, "2");
  ExpectRefused(good->RenameColumns({"id", "other", "vec"}).ValueOrDie(),
                ErrorCode::kInvalidArgument, "text");
  ExpectRefused(With(1, Json(arrow::binary(), R"(["a", null])")), ErrorCode::kTypeMismatch, "text");
  ExpectRefused(With(0, Json(arrow::int64(), "[1, 2, 3]")), ErrorCode::kInvalidData, "id");
  ExpectRefused(With(0, Json(arrow::int64(), "[1, null]")), ErrorCode::kInvalidData, "id");
  ExpectRefused(With(2, Json(arrow::list(arrow::float32()), "[[1, 2], [1, 2, 3]]")),
                ErrorCode::kInvalidData, "Expected 2 elements for row 1 of field 'vec'");
  ExpectRefused(With(2, Json(arrow::list(arrow::float32()), "[[1, null], null]")),
                ErrorCode::kInvalidData, "row 0 of field 'vec'");
  ASSERT_TRUE(writer_->Write(good).ok());
  ASSERT_TRUE(writer_->Finish().ok());
  EXPECT_EQ(ReadBack(dir_.File("0")).table->num_rows(), 2);
}

TEST_F(WriterBatchErrors, InvalidUtf8AndOffsets) {
  const auto bytes = arrow::Buffer::FromString("ok\xff\xfe");
  std::vector<int32_t> offsets = {0, 2, 4};
  const auto bad_text =
      std::make_shared<arrow::StringArray>(2, arrow::Buffer::FromVector(offsets), bytes);
  ExpectRefused(With(1, bad_text), ErrorCode::kInvalidData, "text");
  offsets = {0, 2, 400};
  const auto bad_offsets =
      std::make_shared<arrow::StringArray>(2, arrow::Buffer::FromVector(offsets), bytes);
  ExpectRefused(With(1, bad_offsets), ErrorCode::kInvalidData, "text");
}

TEST_F(WriterBatchErrors, NullsInRequiredChildren) {
  const auto item = arrow::field("item", arrow::int32(), false);
  const auto type = arrow::struct_(
      {arrow::field("a", arrow::int32(), false), arrow::field("l", arrow::list(item))});
  schema_ = arrow::schema({IdField("nested", type, 7)});
  groups_ = {{0, dir_.File("nested"), {0}}};
  options_ = {};
  Start();
  // Nulls below a null parent are nobody's values.
  const auto children = Json(arrow::struct_({arrow::field("a", arrow::int32()),
                                             arrow::field("l", arrow::list(arrow::int32()))}),
                             R"([{"a": 1, "l": [1]}, {"a": null, "l": [null]}, {"a": 3, "l": []}])")
                            ->data();
  const auto retype = [&](std::shared_ptr<arrow::Buffer> validity) {
    auto data = children->Copy();
    data->type = type;
    data->buffers[0] = std::move(validity);
    data->null_count = arrow::kUnknownNullCount;
    data->child_data[1] = data->child_data[1]->Copy();
    data->child_data[1]->type = type->field(1)->type();
    return BatchOf(schema_, {arrow::MakeArray(data)});
  };
  ExpectRefused(retype(nullptr), ErrorCode::kInvalidData, "nested.a");
  const uint8_t without_second = 0b101;
  ASSERT_TRUE(writer_->Write(retype(std::make_shared<arrow::Buffer>(&without_second, 1))).ok());
  const auto results = writer_->Finish();
  ASSERT_TRUE(results.ok()) << results.status();
  EXPECT_EQ(ReadBack(dir_.File("nested")).table->column(0)->null_count(), 1);
}

TEST_F(WriterBatchErrors, NullBehindADictionaryInARequiredField) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  schema_ = arrow::schema({IdField("word", type, 7, false)});
  groups_ = {{0, dir_.File("word"), {0}}};
  options_ = {};
  Start();
  const auto hidden = arrow::DictionaryArray::FromArrays(type, Json(arrow::int8(), "[0, 1]"),
                                                         Json(arrow::utf8(), R"(["a", null])"))
                          .ValueOrDie();
  ExpectRefused(BatchOf(schema_, {hidden}), ErrorCode::kInvalidData, "word");
  EXPECT_TRUE(writer_->Write(BatchOf(schema_, {hidden->Slice(0, 1)})).ok());
}

}  // namespace
}  // namespace packed::testing
