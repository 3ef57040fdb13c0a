// One record batch as bytes and back.

#include "packed/record.h"

#include <cstring>
#include <random>

#include "arrow/util/compression.h"

#include "packed/memory.h"
#include "record_frame.h"
#include "record_support.h"

namespace packed::test {
namespace {

using Place = RecordEncoding::Place;

TEST(Record, EveryFormComesBack) {
  const int64_t before = Pool()->bytes_allocated();
  for (const RecordEncoding& form : kRecordForms) {
    for (const int64_t rows : {0, 1, 7, 5000}) {
      const auto batch = Documents(rows);
      const Bytes bytes = Serialize(batch, form);
      EXPECT_EQ(IsZstdFrame(*bytes), form.place == Place::kFrame);
      const auto read = Deserialize(bytes).ValueOrDie();
      EXPECT_TRUE(read->Equals(*batch, /*check_metadata=*/true)) << rows;
      EXPECT_TRUE(read->schema()->Equals(*DocumentSchema(), /*check_metadata=*/true));
    }
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST(Record, SlicesComeBackAsTheyAre) {
  const auto batch = Documents(1000);
  for (const auto& slice : {batch->Slice(0, 1), batch->Slice(3, 500), batch->Slice(999)}) {
    EXPECT_TRUE(Deserialize(Serialize(slice)).ValueOrDie()->Equals(*slice));
  }
}

TEST(Record, NothingOfTheBytesIsKept) {
  for (const RecordEncoding& form : kRecordForms) {
    const auto batch = Documents(300);
    const Bytes bytes = Serialize(batch, form);
    const auto read = Deserialize(bytes).ValueOrDie();
    std::memset(bytes->mutable_data(), 0xee, static_cast<size_t>(bytes->size()));
    EXPECT_TRUE(read->Equals(*batch));
  }
}

TEST(Record, StreamsOfOthersAreRead) {
  const auto batch = Documents(400);
  arrow::ipc::IpcWriteOptions old;
  old.write_legacy_ipc_format = true;
  old.metadata_version = arrow::ipc::MetadataVersion::V4;
  arrow::ipc::IpcWriteOptions compressed;
  compressed.codec = arrow::util::Codec::Create(arrow::Compression::LZ4_FRAME).ValueOrDie();
  for (const auto& options : {arrow::ipc::IpcWriteOptions(), old, compressed}) {
    const Bytes stream = StreamOf(batch->schema(), {batch}, options);
    for (const Bytes& bytes : {stream, StreamedFrame(stream)}) {
      EXPECT_TRUE(Deserialize(bytes).ValueOrDie()->Equals(*batch));
    }
    // Without its end a stream of one record is as good.
    const int64_t end = options.write_legacy_ipc_format ? 4 : 8;
    EXPECT_TRUE(Deserialize(arrow::SliceBuffer(stream, 0, stream->size() - end))
                    .ValueOrDie()
                    ->Equals(*batch));
  }
}

TEST(Record, DictionariesTravelAlong) {
  const auto type = arrow::dictionary(arrow::int16(), arrow::utf8());
  const auto schema = arrow::schema({arrow::field("d", type)});
  arrow::Int16Builder builder;
  ASSERT_TRUE(builder.AppendValues({1, 0, 1}).ok());
  const auto column =
      arrow::DictionaryArray::FromArrays(type, builder.Finish().ValueOrDie(), Strings(2))
          .ValueOrDie();
  const auto batch = arrow::RecordBatch::Make(schema, 3, {column});
  for (const RecordEncoding& form : kRecordForms) {
    EXPECT_TRUE(Deserialize(Serialize(batch, form), {}, schema).ValueOrDie()->Equals(*batch));
  }
}

TEST(Record, FramesSayTheirSizeAndHaveAChecksum) {
  for (const int64_t size : {int64_t{0}, int64_t{1}, int64_t{255}, int64_t{256}, int64_t{128} << 10,
                             int64_t{4} << 20, (int64_t{4} << 20) + 1, int64_t{33} << 20}) {
    std::mt19937 random(7);
    const Bytes content = arrow::AllocateBuffer(size).ValueOrDie();
    for (int64_t i = 0; i < size; ++i) {
      content->mutable_data()[i] = static_cast<uint8_t>(random() % 30);
    }
    const Bytes frame = MakeZstdFrame(*content, 1, {}).ValueOrDie();
    EXPECT_NE((*frame)[4] & 0x04, 0) << "checksum, " << size;
    EXPECT_TRUE(OpenZstdFrame(*frame, size, {}).ValueOrDie()->Equals(*content)) << size;
    // Every decoder has to take it, with the size that it says.
    const auto codec = arrow::util::Codec::Create(arrow::Compression::ZSTD).ValueOrDie();
    const Bytes out = arrow::AllocateBuffer(size).ValueOrDie();
    EXPECT_EQ(
        codec->Decompress(frame->size(), frame->data(), size, out->mutable_data()).ValueOrDie(),
        size);
    EXPECT_TRUE(out->Equals(*content));
    if (size == 0) continue;
    EXPECT_TRUE(FailsWith(OpenZstdFrame(*frame, size - 1, {}).status(), ErrorCode::kInvalidData,
                          {"at most " + std::to_string(size - 1), std::to_string(size)}));
  }
}

TEST(Record, RefusesEncodingsThatAreNone) {
  const auto batch = Documents(1);
  const auto refused = [&](Place place, arrow::Compression::type type, std::optional<int> level) {
    return SerializeRecord(batch, {place, {type, level}}).status();
  };
  for (const Place place : {Place::kFrame, Place::kBuffers}) {
    for (const auto type :
         {arrow::Compression::GZIP, arrow::Compression::LZ4, arrow::Compression::UNCOMPRESSED}) {
      EXPECT_TRUE(FailsWith(refused(place, type, {}), ErrorCode::kInvalidArgument, {"zstd"}));
    }
    EXPECT_TRUE(FailsWith(refused(place, arrow::Compression::ZSTD, 23), ErrorCode::kInvalidArgument,
                          {"to 22", "level 23"}));
  }
  EXPECT_TRUE(FailsWith(refused(Place::kFrame, arrow::Compression::LZ4_FRAME, {}),
                        ErrorCode::kInvalidArgument, {"lz4"}));
  const auto nothing = arrow::RecordBatch::Make(arrow::schema({}), 3, arrow::ArrayVector());
  EXPECT_TRUE(FailsWith(SerializeRecord(nothing, {}).status(), ErrorCode::kInvalidSchema));
}

TEST(Record, RefusesBatchesThatAreNone) {
  const auto batch = Documents(3);
  const auto with = [&](int i, const std::shared_ptr<arrow::Array>& column) {
    auto columns = batch->columns();
    columns[i] = column;
    return SerializeRecord(arrow::RecordBatch::Make(batch->schema(), 3, columns), {}).status();
  };
  EXPECT_TRUE(FailsWith(with(0, arrow::MakeArrayOfNull(arrow::int64(), 3).ValueOrDie()),
                        ErrorCode::kInvalidData, {"id"}));
  EXPECT_TRUE(FailsWith(with(0, Int64s(2)), ErrorCode::kInvalidData, {"3 rows", "id", "2"}));
  EXPECT_TRUE(FailsWith(with(0, Strings(3)), ErrorCode::kTypeMismatch, {"id"}));
  auto text = Strings(3)->data()->Copy();
  text->buffers[2] = Text("\xff\xff\xff\xff\xff\xff");
  EXPECT_TRUE(FailsWith(with(1, arrow::MakeArray(text)), ErrorCode::kInvalidData, {"title"}));
}

TEST(Record, NoRecordAndMoreThanOneAreErrors) {
  const auto batch = Documents(5);
  const auto none = StreamOf(batch->schema(), {});
  const auto two = StreamOf(batch->schema(), {batch, batch->Slice(5)});
  for (const bool framed : {false, true}) {
    const auto form = [&](const Bytes& stream) { return framed ? StreamedFrame(stream) : stream; };
    EXPECT_TRUE(
        FailsWith(Deserialize(form(none)).status(), ErrorCode::kInvalidData, {"one", "none"}));
    EXPECT_TRUE(FailsWith(Deserialize(form(two)).status(), ErrorCode::kInvalidData,
                          {"one", "more than one"}));
  }
}

/// The schema of the documents with one field changed.
std::shared_ptr<arrow::Schema> With(int i, const std::shared_ptr<arrow::Field>& field) {
  return DocumentSchema()->SetField(i, field).ValueOrDie();
}

TEST(Record, IsCheckedAgainstTheSchema) {
  const Bytes bytes = Serialize(Documents(5));
  const auto fails = [&](const std::shared_ptr<arrow::Schema>& schema, ErrorCode code,
                         const std::vector<std::string>& parts) {
    const auto status = Deserialize(bytes, {}, schema).status();
    EXPECT_EQ(DescribeError(status).context.field, parts.front());
    return FailsWith(status, code, parts);
  };
  EXPECT_TRUE(fails(With(0, IdField(100, "key", arrow::int64())), ErrorCode::kInvalidSchema,
                    {"key", "one column"}));
  EXPECT_TRUE(fails(DocumentSchema()->RemoveField(3).ValueOrDie(), ErrorCode::kInvalidSchema,
                    {"flag", "no column"}));
  EXPECT_TRUE(fails(With(0, IdField(100, "id", arrow::int32())), ErrorCode::kTypeMismatch,
                    {"id", "int32", "int64"}));
  EXPECT_TRUE(fails(With(2, IdField(102, "v", arrow::fixed_size_binary(8))),
                    ErrorCode::kTypeMismatch, {"v", "[8]", "[16]"}));
  EXPECT_TRUE(fails(With(4, IdField(104, "parts", arrow::list(arrow::int32()))),
                    ErrorCode::kTypeMismatch, {"parts"}));
  EXPECT_TRUE(fails(With(0, IdField(105, "id", arrow::int64())), ErrorCode::kInvalidSchema,
                    {"id", "field id 105", "100"}));
  EXPECT_TRUE(fails(With(1, IdField(101, "title", arrow::utf8(), false)), ErrorCode::kInvalidData,
                    {"title", "null"}));
  EXPECT_TRUE(
      FailsWith(Deserialize(bytes, {}, arrow::schema({})).status(), ErrorCode::kInvalidSchema));
}

TEST(Record, FieldsAreFoundByName) {
  const auto batch = Documents(50);
  const auto order = batch->SelectColumns({3, 0, 4, 2, 1}).ValueOrDie();
  EXPECT_TRUE(Deserialize(Serialize(order)).ValueOrDie()->Equals(*batch));
  const auto twice = arrow::RecordBatch::Make(
      arrow::schema({batch->schema()->field(0), batch->schema()->field(0)}), 50,
      {batch->column(0), batch->column(0)});
  EXPECT_TRUE(FailsWith(Deserialize(Plain(twice)).status(), ErrorCode::kInvalidSchema, {"id"}));
}

TEST(Record, LenienceIsAboutMissingIdsAlone) {
  const auto batch = Documents(5);
  arrow::FieldVector fields;
  for (const auto& field : batch->schema()->fields()) fields.push_back(field->RemoveMetadata());
  const Bytes bytes = Plain(arrow::RecordBatch::Make(arrow::schema(fields), 5, batch->columns()));
  EXPECT_TRUE(FailsWith(Deserialize(bytes).status(), ErrorCode::kInvalidSchema,
                        {"field id 100", "id", "none"}));
  EXPECT_TRUE(Deserialize(bytes, {.lenient = true}).ValueOrDie()->Equals(*batch, true));
  // A schema without ids asks for none.
  EXPECT_TRUE(Deserialize(bytes, {}, arrow::schema(fields)).ok());
  EXPECT_TRUE(Deserialize(Serialize(batch), {}, arrow::schema(fields)).ok());
  const auto other = With(0, IdField(7, "id", arrow::int64()));
  EXPECT_TRUE(FailsWith(Deserialize(Serialize(batch), {.lenient = true}, other).status(),
                        ErrorCode::kInvalidSchema));
}

TEST(Record, NullabilityIsWhatTheValuesHave) {
  const auto batch = Documents(5);
  arrow::FieldVector fields;
  for (const auto& field : batch->schema()->fields()) fields.push_back(field->WithNullable(true));
  const auto nullable = arrow::RecordBatch::Make(arrow::schema(fields), 5, batch->columns());
  EXPECT_TRUE(Deserialize(Plain(nullable)).ValueOrDie()->Equals(*batch, true));
}

TEST(Record, ListItemsAndExtensionsDoNotCount) {
  // Arrow knows this extension, and restores it when it reads a schema.
  const auto metadata = arrow::key_value_metadata(
      {"ARROW:extension:name", "ARROW:extension:metadata"}, {"arrow.uuid", ""});
  const auto uuid = arrow::fixed_size_binary(16);
  const auto schema = arrow::schema(
      {arrow::field("u", uuid)->WithMetadata(metadata),
       arrow::field("l", arrow::list(arrow::field("item", uuid)->WithMetadata(metadata)))});
  const auto values = Documents(4)->column(2);
  arrow::Int32Builder offsets;
  ASSERT_TRUE(offsets.AppendValues({0, 1, 1, 3, 4}).ok());
  const auto lists = arrow::ListArray::FromArrays(schema->field(1)->type(),
                                                  *offsets.Finish().ValueOrDie(), *values)
                         .ValueOrDie();
  const auto batch = arrow::RecordBatch::Make(schema, 4, {values, lists});
  EXPECT_TRUE(Deserialize(Serialize(batch), {}, schema).ValueOrDie()->Equals(*batch, true));
  const auto renamed = arrow::schema(
      {arrow::field("u", uuid), arrow::field("l", arrow::list(arrow::field("el", uuid, true)))});
  const auto read = Deserialize(Serialize(batch), {}, renamed).ValueOrDie();
  EXPECT_TRUE(read->schema()->Equals(*renamed));
  EXPECT_TRUE(read->column(1)->Equals(*lists));
  ASSERT_TRUE(read->ValidateFull().ok());
}

TEST(Record, AbortsBetweenSteps) {
  const auto batch = Documents(10);
  const CancelToken cancelled;
  cancelled.Cancel();
  for (const RecordEncoding& form : kRecordForms) {
    EXPECT_TRUE(FailsWith(SerializeRecord(batch, form, cancelled).status(), ErrorCode::kAborted));
    const Bytes bytes = Serialize(batch, form);
    EXPECT_TRUE(FailsWith(DeserializeRecord(*bytes, DocumentSchema(), {}, cancelled).status(),
                          ErrorCode::kAborted));
  }
  const Bytes content = Text(std::string(20 << 20, 'x'));
  EXPECT_TRUE(FailsWith(MakeZstdFrame(*content, 3, cancelled).status(), ErrorCode::kAborted));
  const Bytes frame = MakeZstdFrame(*content, 3, {}).ValueOrDie();
  EXPECT_TRUE(FailsWith(OpenZstdFrame(*frame, 1 << 30, cancelled).status(), ErrorCode::kAborted));
}

}  // namespace
}  // namespace packed::test
