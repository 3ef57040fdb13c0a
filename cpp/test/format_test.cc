#include "packed/format.h"

#include <gtest/gtest.h>

#include <limits>

#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"

#include "packed/error.h"

namespace packed {
namespace {

std::shared_ptr<arrow::Field> FieldWithId(const std::string& name, const std::string& id) {
  return arrow::field(name, arrow::int64(), false,
                      arrow::key_value_metadata({std::string(kFieldIdKey)}, {id}));
}

template <typename T>
ErrorInfo ErrorOf(const arrow::Result<T>& result) {
  return DescribeError(result.status());
}

TEST(GroupFieldIds, WritesAndReadsTheSameText) {
  const std::pair<GroupFieldIds, std::string> cases[] = {
      {{{0, 1, 2}, {3, 4}, {5, 6, 7, 8}}, "0,1,2;3,4;5,6,7,8"},
      {{{0}, {1}, {2}}, "0;1;2"},
      {{{1, 2, 3}}, "1,2,3"},
      {{{100, 102}, {101}, {103}}, "100,102;101;103"},
      {{{std::numeric_limits<int64_t>::max(), -1}}, "9223372036854775807,-1"},
      {{}, ""},
  };
  for (const auto& [groups, text] : cases) {
    EXPECT_EQ(SerializeGroupFieldIds(groups), text);
    EXPECT_EQ(ParseGroupFieldIds(text).ValueOrDie(), groups);
  }
}

TEST(GroupFieldIds, SkipsEmptyPieces) {
  EXPECT_EQ(ParseGroupFieldIds(";1,,2;;,;3;").ValueOrDie(), (GroupFieldIds{{1, 2}, {3}}));
}

TEST(GroupFieldIds, RefusesWhatIsNotDecimal) {
  for (const char* text : {"a", "1,x", "1; 2", "+1", "1.5", "9223372036854775808", "0x10"}) {
    EXPECT_EQ(ErrorOf(ParseGroupFieldIds(text)).code, ErrorCode::kMetadataCorrupted) << text;
  }
  std::string binary(200, '\xff');
  ErrorInfo info = ErrorOf(ParseGroupFieldIds(binary));
  EXPECT_EQ(info.message.find('\xff'), std::string::npos);
  EXPECT_NE(info.message.find("group_field_id_list"), std::string::npos);
}

TEST(RowGroupRecords, WritesAndReadsTheSameText) {
  const std::pair<std::vector<RowGroupRecord>, std::string> cases[] = {
      {{{2048, 200, 100}}, "2048|200|100"},
      {{{1050624, 342, 0}, {1050624, 342, 342}, {95232, 31, 684}},
       "1050624|342|0;1050624|342|342;95232|31|684"},
      {{{std::numeric_limits<uint64_t>::max(), 0, 0}}, "18446744073709551615|0|0"},
      {{}, ""},
  };
  for (const auto& [records, text] : cases) {
    EXPECT_EQ(SerializeRowGroupRecords(records), text);
    EXPECT_EQ(ParseRowGroupRecords(text).ValueOrDie(), records);
  }
}

TEST(RowGroupRecords, RefusesWhatIsNotThreeCounts) {
  for (const char* text : {"invalid", "1|2", "1|2|3|4", "1||3", "-1|2|3", "1|-2|3", "1|2|-3",
                           "1|2|3;x", "18446744073709551616|1|0", "1|2|3 "}) {
    EXPECT_EQ(ErrorOf(ParseRowGroupRecords(text)).code, ErrorCode::kMetadataCorrupted) << text;
  }
}

TEST(LegacyRowGroupSizes, AreLittleEndianWords) {
  std::string bytes("\x01\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\x80", 16);
  EXPECT_EQ(ParseLegacyRowGroupSizes(bytes).ValueOrDie(),
            (std::vector<uint64_t>{0x0201, uint64_t{1} << 63}));
  EXPECT_TRUE(ParseLegacyRowGroupSizes("").ValueOrDie().empty());
  EXPECT_EQ(ErrorOf(ParseLegacyRowGroupSizes("1234567")).code, ErrorCode::kMetadataCorrupted);
}

TEST(FieldIds, ComeFromTheFieldsMetadata) {
  EXPECT_EQ(FieldIdOf(*FieldWithId("a", "0")).ValueOrDie(), 0);
  EXPECT_EQ(FieldIdOf(*FieldWithId("a", "2147483647")).ValueOrDie(), 2147483647);
  arrow::Schema schema({FieldWithId("a", "101"), FieldWithId("b", "100")});
  EXPECT_EQ(FieldIdsOf(schema).ValueOrDie(), (std::vector<int64_t>{101, 100}));
}

TEST(FieldIds, MissingOrMalformedNamesTheField) {
  ErrorInfo missing = ErrorOf(FieldIdOf(*arrow::field("title", arrow::utf8())));
  EXPECT_EQ(missing.code, ErrorCode::kInvalidSchema);
  EXPECT_EQ(missing.context.field, "title");
  EXPECT_NE(missing.message.find("'title'"), std::string::npos);
  for (const char* id : {"not_a_number", "", " 1", "-1", "2147483648"}) {
    ErrorInfo info = ErrorOf(FieldIdOf(*FieldWithId("title", id)));
    EXPECT_EQ(info.code, ErrorCode::kInvalidSchema) << id;
    EXPECT_EQ(info.context.field, "title");
  }
}

TEST(FieldIds, TwiceNamesBothFields) {
  ErrorInfo info =
      ErrorOf(FieldIdsOf(arrow::Schema({FieldWithId("left", "7"), FieldWithId("right", "7")})));
  EXPECT_EQ(info.code, ErrorCode::kInvalidSchema);
  EXPECT_NE(info.message.find("'left'"), std::string::npos);
  EXPECT_NE(info.message.find("'right'"), std::string::npos);
}

}  // namespace
}  // namespace packed
