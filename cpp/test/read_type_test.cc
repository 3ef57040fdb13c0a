// Each line of the table of restorable types, there and where it has to refuse.

#include "read_type.h"

#include "arrow/compute/cast.h"
#include "arrow/json/from_string.h"
#include "arrow/util/checked_cast.h"

#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

using arrow::TimeUnit;
using TypePtr = std::shared_ptr<arrow::DataType>;

std::shared_ptr<arrow::Array> FromJson(const TypePtr& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

/// Dictionaries may number their values in another order: compare what they mean.
std::shared_ptr<arrow::Array> Plain(const std::shared_ptr<arrow::Array>& array) {
  if (array->type_id() != arrow::Type::DICTIONARY) return array;
  const auto& type = static_cast<const arrow::DictionaryType&>(*array->type());
  return arrow::compute::Cast(*array, type.value_type()).ValueOrDie();
}

/// Restore twice: the array as it is, and a slice of a longer one.
void ExpectRestored(const std::shared_ptr<arrow::Array>& stored,
                    const std::shared_ptr<arrow::Array>& expected) {
  const auto what = stored->type()->ToString() + " -> " + expected->type()->ToString();
  const auto restore = FindRestore(stored->type(), expected->type());
  ASSERT_TRUE(restore.has_value()) << what;
  if (!*restore) {
    EXPECT_TRUE(stored->type()->Equals(*expected->type())) << what;
    return;
  }
  for (const int64_t from : {0, 1}) {
    const auto data = (*restore)(stored->Slice(from)->data());
    ASSERT_TRUE(data.ok()) << what << ": " << data.status();
    const auto array = arrow::MakeArray(*data);
    ASSERT_TRUE(array->ValidateFull().ok()) << what << ": " << array->ValidateFull();
    ASSERT_TRUE(array->type()->Equals(*expected->type())) << what;
    EXPECT_TRUE(Plain(array)->Equals(*Plain(expected->Slice(from))))
        << what << ": " << array->ToString() << expected->Slice(from)->ToString();
  }
}

TEST(ReadType, TextAndBinary) {
  const std::string json = R"(["a", null, "", "Käse", "a much longer value than twelve bytes"])";
  const std::vector<TypePtr> texts{arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()};
  const std::vector<TypePtr> bytes{arrow::binary(), arrow::large_binary(), arrow::binary_view()};
  for (const auto& from : texts) {
    for (const auto& to : texts) ExpectRestored(FromJson(from, json), FromJson(to, json));
    for (const auto& to : bytes) ExpectRestored(FromJson(from, json), FromJson(to, json));
  }
  for (const auto& from : bytes) {
    for (const auto& to : bytes) ExpectRestored(FromJson(from, json), FromJson(to, json));
    for (const auto& to : texts) ExpectRestored(FromJson(from, json), FromJson(to, json));
  }
}

TEST(ReadType, TextHasToBeUtf8WhenItComesFromBinary) {
  arrow::BinaryBuilder builder;
  ASSERT_TRUE(builder.Append("\xff\xfe").ok());
  const auto restore = FindRestore(arrow::binary(), arrow::utf8());
  EXPECT_FALSE((*restore)(builder.Finish().ValueOrDie()->data()).ok());
}

TEST(ReadType, Dictionaries) {
  const std::string json = R"(["x", "y", null, "x"])";
  const auto plain = FromJson(arrow::utf8(), json);
  for (const auto& index : {arrow::int8(), arrow::int32(), arrow::uint16(), arrow::int64()}) {
    const auto encoded = FromJson(arrow::dictionary(index, arrow::utf8()), json);
    ExpectRestored(plain, encoded);
    ExpectRestored(encoded, plain);
    ExpectRestored(encoded, FromJson(arrow::large_utf8(), json));
  }
  ExpectRestored(FromJson(arrow::int64(), "[5, 5, null, 7]"),
                 FromJson(arrow::dictionary(arrow::int32(), arrow::int64()), "[5, 5, null, 7]"));
}

TEST(ReadType, TimesAndDates) {
  ExpectRestored(FromJson(arrow::timestamp(TimeUnit::MILLI), "[2000, null, -5000]"),
                 FromJson(arrow::timestamp(TimeUnit::SECOND), "[2, null, -5]"));
  ExpectRestored(FromJson(arrow::timestamp(TimeUnit::MICRO, "UTC"), "[2000, null]"),
                 FromJson(arrow::timestamp(TimeUnit::NANO, "Europe/Berlin"), "[2000000, null]"));
  ExpectRestored(FromJson(arrow::time32(TimeUnit::MILLI), "[2000, null]"),
                 FromJson(arrow::time32(TimeUnit::SECOND), "[2, null]"));
  ExpectRestored(FromJson(arrow::time64(TimeUnit::MICRO), "[2000, null]"),
                 FromJson(arrow::time64(TimeUnit::NANO), "[2000000, null]"));
  ExpectRestored(FromJson(arrow::date32(), "[3, null]"),
                 FromJson(arrow::date64(), "[259200000, null]"));
  ExpectRestored(FromJson(arrow::int64(), "[3, null]"),
                 FromJson(arrow::duration(TimeUnit::MICRO), "[3, null]"));
}

TEST(ReadType, ValuesThatDoNotFitAreErrors) {
  const std::pair<std::shared_ptr<arrow::Array>, TypePtr> pairs[] = {
      {FromJson(arrow::timestamp(TimeUnit::MILLI), "[2001]"), arrow::timestamp(TimeUnit::SECOND)},
      {FromJson(arrow::timestamp(TimeUnit::SECOND), "[9223372036854775807]"),
       arrow::timestamp(TimeUnit::NANO)},
      {FromJson(arrow::time32(TimeUnit::MILLI), "[2001]"), arrow::time32(TimeUnit::SECOND)},
      {FromJson(arrow::int64(), "[-1]"), arrow::uint32()},
      {FromJson(arrow::int64(), "[4294967296]"), arrow::uint32()},
      {FromJson(arrow::binary(), R"(["abc"])"), arrow::fixed_size_binary(4)},
      {FromJson(arrow::list(arrow::float32()), "[[1, 2], [1]]"),
       arrow::fixed_size_list(arrow::float32(), 2)}};
  for (const auto& [stored, requested] : pairs) {
    const auto restore = FindRestore(stored->type(), requested);
    ASSERT_TRUE(restore.has_value()) << requested->ToString();
    EXPECT_FALSE((*restore)(stored->data()).ok()) << requested->ToString();
  }
}

TEST(ReadType, NumbersAndDecimals) {
  ExpectRestored(FromJson(arrow::int64(), "[4294967295, null, 0]"),
                 FromJson(arrow::uint32(), "[4294967295, null, 0]"));
  const std::string json = R"(["1.25", null, "-9999999.99"])";
  const std::vector<TypePtr> decimals{arrow::decimal32(9, 2), arrow::decimal64(9, 2),
                                      arrow::decimal128(9, 2), arrow::decimal256(9, 2)};
  for (const auto& from : decimals) {
    for (const auto& to : decimals) ExpectRestored(FromJson(from, json), FromJson(to, json));
  }
}

TEST(ReadType, VectorsShareTheirBytes) {
  const auto list = arrow::fixed_size_list(arrow::float32(), 2);
  const auto lists = FromJson(list, "[[1, 2], [3, 4], [5, 6]]");
  const auto values = static_cast<const arrow::FixedSizeListArray&>(*lists).values();
  const auto stored = std::make_shared<arrow::FixedSizeBinaryArray>(arrow::fixed_size_binary(8), 3,
                                                                    values->data()->buffers[1]);
  ExpectRestored(stored, lists);
  const auto restored = (*FindRestore(stored->type(), list))(stored->data()).ValueOrDie();
  EXPECT_EQ(restored->child_data[0]->buffers[1]->data(), stored->values()->data());
  ExpectRestored(FromJson(arrow::fixed_size_binary(2), R"(["ab", null, "cd"])"),
                 FromJson(arrow::fixed_size_list(arrow::int8(), 2), "[[97, 98], null, [99, 100]]"));
  ExpectRestored(
      FromJson(arrow::binary(), R"(["ab", null, "cd"])"),
      FromJson(arrow::fixed_size_list(arrow::uint8(), 2), "[[97, 98], null, [99, 100]]"));
  ExpectRestored(FromJson(arrow::binary(), R"(["ab", null, "cd"])"),
                 FromJson(arrow::fixed_size_binary(2), R"(["ab", null, "cd"])"));
  ExpectRestored(FromJson(arrow::fixed_size_binary(2), R"(["\u0000<", null])"),
                 FromJson(arrow::float16(), "[1, null]"));
  ExpectRestored(FromJson(arrow::float16(), "[1, null]"),
                 FromJson(arrow::fixed_size_binary(2), R"(["\u0000<", null])"));
}

TEST(ReadType, Lists) {
  const std::string json = "[[1, 2], [3, null]]";
  const auto list = FromJson(arrow::list(arrow::field("element", arrow::int64())), json);
  ExpectRestored(list, FromJson(arrow::large_list(arrow::int64()), json));
  ExpectRestored(FromJson(arrow::large_list(arrow::int64()), json), list);
  ExpectRestored(list, FromJson(arrow::fixed_size_list(arrow::int64(), 2), json));
  ExpectRestored(FromJson(arrow::list(arrow::float32()), "[[1, 2], null, [3, 4]]"),
                 FromJson(arrow::fixed_size_list(arrow::float32(), 2), "[[1, 2], null, [3, 4]]"));
  ExpectRestored(list, FromJson(arrow::large_list(arrow::duration(TimeUnit::SECOND)), json));
  ExpectRestored(FromJson(arrow::list(arrow::utf8()), R"([["a"], []])"),
                 FromJson(arrow::list(arrow::large_utf8()), R"([["a"], []])"));
}

TEST(ReadType, StructsAndMaps) {
  const auto narrow =
      arrow::struct_({arrow::field("a", arrow::utf8()), arrow::field("b", arrow::int64())});
  const auto wide = arrow::struct_({arrow::field("a", arrow::large_utf8()),
                                    arrow::field("b", arrow::duration(TimeUnit::MILLI))});
  const std::string json = R"([{"a": "x", "b": 1}, null, {"a": null, "b": 2}])";
  ExpectRestored(FromJson(narrow, json), FromJson(wide, json));
  ExpectRestored(
      FromJson(arrow::map(arrow::utf8(), arrow::int64()), R"([[["k", 1]], null])"),
      FromJson(arrow::map(arrow::large_utf8(), arrow::int64()), R"([[["k", 1]], null])"));
  const auto renamed =
      arrow::struct_({arrow::field("c", arrow::utf8()), arrow::field("b", arrow::int64())});
  EXPECT_FALSE(FindRestore(narrow, renamed).has_value());
}

TEST(ReadType, WhatNoFileCanBringBackIsRefused) {
  const std::pair<TypePtr, TypePtr> pairs[] = {
      {arrow::int32(), arrow::int64()},
      {arrow::int64(), arrow::int32()},
      {arrow::float32(), arrow::float64()},
      {arrow::int64(), arrow::utf8()},
      {arrow::utf8(), arrow::int64()},
      {arrow::int64(), arrow::timestamp(TimeUnit::MILLI)},
      {arrow::timestamp(TimeUnit::MILLI), arrow::timestamp(TimeUnit::MILLI, "UTC")},
      {arrow::boolean(), arrow::int8()},
      {arrow::decimal128(9, 2), arrow::decimal128(9, 3)},
      {arrow::decimal128(9, 2), arrow::decimal128(10, 2)},
      {arrow::fixed_size_binary(8), arrow::fixed_size_binary(4)},
      {arrow::fixed_size_binary(8), arrow::fixed_size_list(arrow::float32(), 3)},
      {arrow::fixed_size_binary(8), arrow::fixed_size_list(arrow::boolean(), 8)},
      {arrow::fixed_size_binary(8), arrow::utf8()},
      {arrow::list(arrow::int64()), arrow::list(arrow::int32())},
      {arrow::list(arrow::int64()), arrow::int64()},
      {arrow::utf8(), arrow::dictionary(arrow::int32(), arrow::int64())}};
  for (const auto& [stored, requested] : pairs) {
    EXPECT_FALSE(FindRestore(stored, requested).has_value())
        << stored->ToString() << " -> " << requested->ToString();
  }
}

/// Arrow's own restoring leaves the units and dates that Parquet does not have as they are.
bool RestoredUnasked(const arrow::DataType& type) {
  using arrow::internal::checked_cast;
  if (type.id() == arrow::Type::TIMESTAMP) {
    return checked_cast<const arrow::TimestampType&>(type).unit() != TimeUnit::SECOND;
  }
  return type.id() != arrow::Type::DATE64 && type.id() != arrow::Type::TIME32;
}

/// Types that Parquet flattens, back through a real file.
TEST(ReadType, ThroughAFile) {
  TempDir dir;
  const std::pair<TypePtr, std::string> columns[] = {
      {arrow::timestamp(TimeUnit::SECOND), "[1, null, 3]"},
      {arrow::timestamp(TimeUnit::NANO, "Asia/Tokyo"), "[1, null, 3]"},
      {arrow::duration(TimeUnit::NANO), "[1, null, 3]"},
      {arrow::date64(), "[86400000, null, 0]"},
      {arrow::time32(TimeUnit::SECOND), "[1, null, 3]"},
      {arrow::large_utf8(), R"(["a", null, "c"])"},
      {arrow::utf8_view(), R"(["a", null, "c"])"},
      {arrow::large_list(arrow::int64()), "[[1], null, []]"},
      {arrow::fixed_size_list(arrow::float32(), 2), "[[1, 2], [3, 4], [5, 6]]"},
      {arrow::dictionary(arrow::int32(), arrow::utf8()), R"(["a", null, "a"])"},
      {arrow::float16(), "[1, null, 3]"},
      {arrow::decimal32(5, 2), R"(["1.25", null, "3.00"])"},
      {arrow::uint8(), "[1, null, 3]"},
      {arrow::null(), "[null, null, null]"}};
  for (const auto& [type, json] : columns) {
    const auto array = FromJson(type, json);
    const auto field = IdField(7, "c", type, true);
    const auto path = dir / "file";
    WriteParquet(path, {.table = TableOf({field}, {array}), .groups = "7"});
    ReaderOptions options;
    options.schema = arrow::schema({field});
    const auto table = ReadFiles({path}, options);
    ASSERT_TRUE(table.ok()) << type->ToString() << ": " << table.status();
    EXPECT_TRUE(ColumnOf(**table, "c")->Equals(*array)) << type->ToString();

    // A stored Arrow schema restores the type without being asked.
    WriteParquet(path, {.table = TableOf({field}, {array}), .groups = "7", .store_schema = true});
    const auto stored = ReadFiles({path});
    ASSERT_TRUE(stored.ok()) << type->ToString() << ": " << stored.status();
    if (!RestoredUnasked(*type)) continue;
    EXPECT_TRUE(ColumnOf(**stored, "c")->Equals(*array)) << type->ToString();
  }
}

TEST(ReadType, InvalidUtf8InAStoredStringIsReadAsItIs) {
  TempDir dir;
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.Append("ok").ok());
  ASSERT_TRUE(builder.Append(std::string("\xc3\x28\xff", 3)).ok());
  const auto array = builder.Finish().ValueOrDie();
  WriteParquet(dir / "file",
               {.table = TableOf({IdField(7, "s", arrow::utf8())}, {array}), .groups = "7"});
  const auto reader = OpenReader({dir / "file"});
  ASSERT_TRUE(reader.ok()) << reader.status();
  const auto batch = (*reader)->ReadNext();
  ASSERT_TRUE(batch.ok()) << batch.status();
  EXPECT_TRUE((*batch)->column(0)->Equals(*array));
}

}  // namespace
}  // namespace packed::test
