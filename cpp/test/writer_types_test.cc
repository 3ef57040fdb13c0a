#include <string>
#include <vector>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_dict.h"
#include "arrow/extension/uuid.h"
#include "arrow/util/key_value_metadata.h"
#include "gtest/gtest.h"

#include "writer_harness.h"

namespace packed::testing {
namespace {

void ExpectStored(const std::shared_ptr<arrow::Array>& stored, const std::string& type,
                  const std::shared_ptr<arrow::Array>& values) {
  EXPECT_EQ(stored->type()->ToString(), type);
  EXPECT_TRUE(stored->Equals(values)) << stored->ToString();
}

TEST(WriterTypes, PlainTypesComeBack) {
  const std::vector<std::pair<std::shared_ptr<arrow::DataType>, std::string>> columns = {
      {arrow::boolean(), "[true, null, false]"},
      {arrow::int8(), "[-128, null, 127]"},
      {arrow::uint8(), "[0, null, 255]"},
      {arrow::uint16(), "[0, null, 65535]"},
      {arrow::uint32(), "[0, null, 4294967295]"},
      {arrow::uint64(), "[0, null, 18446744073709551615]"},
      {arrow::int64(), "[-9223372036854775808, null]"},
      {arrow::float16(), "[1.5, null]"},
      {arrow::float32(), "[1.5, null]"},
      {arrow::float64(), "[1.5, null]"},
      {arrow::utf8(), R"(["", null, "ü"])"},
      {arrow::binary(), R"(["", null, "x"])"},
      {arrow::fixed_size_binary(3), R"(["abc", null])"},
      {arrow::date32(), "[1, null]"},
      {arrow::time32(arrow::TimeUnit::MILLI), "[1, null]"},
      {arrow::time64(arrow::TimeUnit::NANO), "[1, null]"},
      {arrow::timestamp(arrow::TimeUnit::MICRO), "[1, null]"},
      {arrow::timestamp(arrow::TimeUnit::NANO, "UTC"), "[1, null]"},
      {arrow::decimal128(10, 2), R"(["12.34", null])"},
      {arrow::decimal256(50, 2), R"(["12.34", null])"},
      {arrow::null(), "[null, null]"},
      {arrow::list(arrow::field("element", arrow::int32())), "[[1, null], null, []]"},
      {arrow::struct_({arrow::field("a", arrow::int32()), arrow::field("b", arrow::utf8())}),
       R"([{"a": 1, "b": "x"}, null, {"a": null, "b": null}])"},
      {arrow::map(arrow::utf8(), arrow::int32()), R"([[["a", 1], ["b", null]], null, []])"},
  };
  for (const auto& [type, json] : columns) {
    SCOPED_TRACE(type->ToString());
    const auto column = Json(type, json);
    const auto stored = RoundTrip(column);
    EXPECT_TRUE(stored->Equals(column)) << stored->ToString();
  }
}

TEST(WriterTypes, OtherTypesComeBackAsTheirStoredType) {
  struct Case {
    std::shared_ptr<arrow::DataType> type;
    std::string json;
    std::shared_ptr<arrow::DataType> stored;
    std::string stored_json;
  };
  const auto element = arrow::field("element", arrow::int32());
  const std::vector<Case> cases = {
      {arrow::large_utf8(), R"(["a", null])", arrow::utf8(), R"(["a", null])"},
      {arrow::utf8_view(), R"(["a longer text than twelve", null, "s"])", arrow::utf8(),
       R"(["a longer text than twelve", null, "s"])"},
      {arrow::binary_view(), R"(["a", null])", arrow::binary(), R"(["a", null])"},
      {arrow::large_list(arrow::int32()), "[[1], null]", arrow::list(element), "[[1], null]"},
      {arrow::list_view(arrow::int32()), "[[1, 2], null, []]", arrow::list(element),
       "[[1, 2], null, []]"},
      {arrow::large_list_view(arrow::utf8_view()), R"([["x"], null])",
       arrow::list(arrow::field("element", arrow::utf8())), R"([["x"], null])"},
      {arrow::fixed_size_list(arrow::int32(), 2), "[[1, 2], null]", arrow::list(element),
       "[[1, 2], null]"},
      {arrow::date64(), "[86400000, null]", arrow::date32(), "[1, null]"},
      {arrow::time32(arrow::TimeUnit::SECOND), "[2, null]", arrow::time32(arrow::TimeUnit::MILLI),
       "[2000, null]"},
      {arrow::timestamp(arrow::TimeUnit::SECOND), "[2, null]",
       arrow::timestamp(arrow::TimeUnit::MILLI), "[2000, null]"},
      {arrow::duration(arrow::TimeUnit::SECOND), "[2, null]", arrow::int64(), "[2, null]"},
      {arrow::decimal32(5, 2), R"(["1.23", null])", arrow::decimal128(5, 2), R"(["1.23", null])"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.type->ToString());
    ExpectStored(RoundTrip(Json(c.type, c.json)), c.stored->ToString(),
                 Json(c.stored, c.stored_json));
  }
}

TEST(WriterTypes, SlicedAndOverlappingListViews) {
  const auto type = arrow::list_view(arrow::utf8());
  const auto list = arrow::list(arrow::field("element", arrow::utf8()));
  const auto views = Json(type, R"([["a", "bb"], null, [], ["c"], ["d"]])");
  ExpectStored(RoundTrip(views->Slice(1, 3)), list->ToString(), Json(list, R"([null, [], ["c"]])"));
  const auto overlapping =
      arrow::ListViewArray::FromArrays(type, *Json(arrow::int32(), "[2, 0, 0, 1]"),
                                       *Json(arrow::int32(), "[1, 3, 0, 2]"),
                                       *Json(arrow::utf8(), R"(["x", null, "z"])"))
          .ValueOrDie();
  ExpectStored(RoundTrip(overlapping->Slice(1)), list->ToString(),
               Json(list, R"([["x", null, "z"], [], [null, "z"]])"));
}

TEST(WriterTypes, ExtensionsAreStoredAsTheirStorage) {
  const auto storage = Json(arrow::fixed_size_binary(16), R"(["0123456789abcdef", null])");
  const auto uuids = arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage);
  ExpectStored(RoundTrip(uuids), "fixed_size_binary[16]", storage);
}

TEST(WriterTypes, DictionariesAreStoredAsValuesAndMayChange) {
  ScratchDir dir;
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto nested = arrow::struct_({arrow::field("d", arrow::list(type))});
  const auto schema = arrow::schema({IdField("d", type, 1), IdField("n", nested, 2)});
  const auto batch = [&](const char* indices, const char* words) {
    const auto flat = arrow::DictionaryArray::FromArrays(type, Json(arrow::int8(), indices),
                                                         Json(arrow::utf8(), words))
                          .ValueOrDie();
    const auto lists = arrow::ListArray::FromArrays(arrow::list(type),
                                                    *Json(arrow::int32(), "[0, 2, 2, 3]"), *flat)
                           .ValueOrDie();
    return BatchOf(schema,
                   {flat, arrow::StructArray::Make({lists}, nested->fields()).ValueOrDie()});
  };
  WriterOptions options;
  options.row_group_bytes = 60;
  WriteAll(schema, GroupsOf(dir, {{0, 1}}),
           {batch("[0, 1, null]", R"(["a", null])"), batch("[1, 0, 1]", R"(["x", "y", "z"])"),
            batch("[0, 0, 0]", R"(["only"])")->Slice(1, 2)},
           options);
  const auto file = ReadBack(dir.File("0"));
  EXPECT_GT(file.metadata->num_row_groups(), 1);
  const auto table = file.table->CombineChunks().ValueOrDie();
  ExpectStored(table->column(0)->chunk(0), "string",
               Json(arrow::utf8(), R"(["a", null, null, "y", "x", "y", "only", "only"])"));
  const auto stored =
      arrow::struct_({arrow::field("d", arrow::list(arrow::field("element", arrow::utf8())))});
  ExpectStored(table->column(1)->chunk(0), stored->ToString(),
               Json(stored, R"([{"d": ["a", null]}, {"d": []}, {"d": [null]},
                               {"d": ["y", "x"]}, {"d": []}, {"d": ["y"]},
                               {"d": []}, {"d": ["only"]}])"));
}

TEST(WriterTypes, DictionariesOfVectorsAndViews) {
  const auto vectors =
      arrow::DictionaryArray::FromArrays(
          arrow::dictionary(arrow::int32(), arrow::fixed_size_list(arrow::int8(), 2)),
          Json(arrow::int32(), "[1, null, 0]"),
          Json(arrow::fixed_size_list(arrow::int8(), 2), "[[65, 66], [67, 68]]"))
          .ValueOrDie();
  ExpectStored(RoundTrip(vectors), "fixed_size_binary[2]",
               Json(arrow::fixed_size_binary(2), R"(["CD", null, "AB"])"));
  const auto views = arrow::DictionaryArray::FromArrays(
                         arrow::dictionary(arrow::uint16(), arrow::utf8_view()),
                         Json(arrow::uint16(), "[1, null, 0, 1]"),
                         Json(arrow::utf8_view(), R"(["a", "longer than twelve bytes"])"))
                         .ValueOrDie();
  ExpectStored(RoundTrip(views), "string",
               Json(arrow::utf8(), R"(["longer than twelve bytes", null, "a",
                                      "longer than twelve bytes"])"));
}

TEST(WriterTypes, SlicesOfEverything) {
  const auto fsl = arrow::fixed_size_list(arrow::float32(), 2);
  const std::vector<std::shared_ptr<arrow::Array>> arrays = {
      Json(arrow::boolean(), "[true, null, false, true, null]"),
      Json(arrow::utf8(), R"(["a", null, "ccc", "d", null])"),
      Json(arrow::list(arrow::field("element", arrow::int32())), "[[1], null, [2, 3], [], [4]]"),
      Json(arrow::struct_({arrow::field("a", arrow::utf8())}),
           R"([{"a": "x"}, null, {"a": "y"}, {"a": null}, {"a": "z"}])"),
      Json(arrow::fixed_size_binary(2), R"(["aa", null, "cc", "dd", null])"),
  };
  for (const auto& array : arrays) {
    SCOPED_TRACE(array->type()->ToString());
    for (int64_t begin = 0; begin < 5; ++begin) {
      const auto slice = array->Slice(begin, 5 - begin - (begin == 0 ? 1 : 0));
      EXPECT_TRUE(RoundTrip(slice)->Equals(slice)) << begin;
    }
  }
}

/// The three forms of one vector column, sliced, with null rows: the same stored bytes.
TEST(WriterTypes, VectorsOfEveryFormAreTheSameBytes) {
  struct Element {
    std::shared_ptr<arrow::DataType> type;
    int width;
  };
  for (const auto& [type, width] :
       {Element{arrow::float32(), 4}, Element{arrow::float16(), 2}, Element{arrow::int8(), 1}}) {
    SCOPED_TRACE(type->ToString());
    const char* json = "[[9, 9], [1, 2], null, [3, 4], null, [5, 6]]";
    const auto fixed = Json(arrow::fixed_size_list(type, 2), json)->Slice(1);
    ColumnOptions list_options;
    list_options.vector_dim = 2;
    const auto from_fixed = RoundTrip(fixed);
    const auto from_list = RoundTrip(Json(arrow::list(type), json)->Slice(1), list_options);
    const auto from_large = RoundTrip(Json(arrow::large_list(type), json)->Slice(1), list_options);
    const auto dense =
        RoundTrip(Json(arrow::list(type), "[[9, 9], [1, 2], [3, 4]]")->Slice(1), list_options);
    ASSERT_EQ(from_fixed->type()->ToString(), arrow::fixed_size_binary(2 * width)->ToString());
    EXPECT_TRUE(from_fixed->Equals(from_list));
    EXPECT_TRUE(from_fixed->Equals(from_large));
    EXPECT_EQ(from_fixed->null_count(), 2);
    const auto& stored = static_cast<const arrow::FixedSizeBinaryArray&>(*from_fixed);
    const auto& values = static_cast<const arrow::FixedSizeListArray&>(*fixed).values();
    const auto* raw = values->data()->buffers[1]->data() + 2 * width;
    for (const int row : {0, 2, 4}) {
      EXPECT_EQ(std::string(stored.GetView(row)),
                std::string(reinterpret_cast<const char*>(raw) + row * 2 * width, 2 * width));
    }
    EXPECT_EQ(static_cast<const arrow::FixedSizeBinaryArray&>(*dense).GetView(1),
              stored.GetView(2));
  }
}

TEST(WriterTypes, NullElementsBehindNullVectorsDoNotMatter) {
  const auto type = arrow::fixed_size_list(arrow::float32(), 2);
  const auto with_nulls = Json(type, "[[1, 2], [null, null], [3, 4]]");
  auto data = with_nulls->data()->Copy();
  const uint8_t validity = 0b101;
  data->buffers[0] = std::make_shared<arrow::Buffer>(&validity, 1);
  data->null_count = 1;
  EXPECT_EQ(RoundTrip(arrow::MakeArray(data))->null_count(), 1);
}

TEST(WriterTypes, OnlyTopLevelColumnsCarryFieldIds) {
  ScratchDir dir;
  const auto child = IdField("a", arrow::int32(), 5);
  const auto type = arrow::struct_({child});
  const auto schema =
      arrow::schema({IdField("s", type, 0)}, arrow::key_value_metadata({"k"}, {"v"}));
  WriteAll(schema, GroupsOf(dir, {{0}}), {BatchOf(schema, {Json(type, R"([{"a": 1}])")})});
  const auto file = ReadBack(dir.File("0"));
  const auto& node = *file.metadata->schema()->group_node()->field(0);
  EXPECT_EQ(node.field_id(), 0);
  EXPECT_EQ(static_cast<const parquet::schema::GroupNode&>(node).field(0)->field_id(), -1);
  EXPECT_FALSE(file.metadata->key_value_metadata()->Contains("k"));
}

}  // namespace
}  // namespace packed::testing
