// Rows by their keys.

#include "packed/key_set.h"

#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "arrow/array/builder_primitive.h"

#include "packed/gather_rows.h"
#include "packed/row_access.h"
#include "packed/visibility.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
constexpr int64_t kGreatest = std::numeric_limits<int64_t>::max();
using Numbers = std::vector<int64_t>;

TEST(KeySet, FindsRowsAndSaysWhichKeyTheyHave) {
  const auto keys = KeySet::Make(*Longs({7, kLeast, kGreatest, 7, -1})).ValueOrDie();
  EXPECT_EQ(keys->size(), 4);
  FoundKeys found;
  ASSERT_TRUE(keys->Find(*Longs({kGreatest, 8, 7, -1, 7, kLeast, 0}), 100, &found).ok());
  EXPECT_EQ(found.rows, (Numbers{100, 102, 103, 104, 105}));
  EXPECT_EQ(found.keys, (std::vector<int32_t>{2, 0, 4, 0, 1}));
  const auto column = Longs({1, 7, 1, 7})->Slice(1, 2);
  FoundKeys slice;
  ASSERT_TRUE(keys->Find(*column, 0, &slice).ok());
  EXPECT_EQ(slice.rows, (Numbers{0}));
}

TEST(KeySet, TextIsHeldByBytes) {
  const auto keys = KeySet::Make(*Texts({"b", "", "ä", "b"})).ValueOrDie();
  EXPECT_EQ(keys->size(), 3);
  FoundKeys found;
  ASSERT_TRUE(keys->Find(*Texts({"a", "ä", "b", "", "bb"}), 0, &found).ok());
  EXPECT_EQ(found.rows, (Numbers{1, 2, 3}));
  EXPECT_EQ(found.keys, (std::vector<int32_t>{2, 0, 1}));
  EXPECT_TRUE(keys->AnyWithin({std::string("aa"), std::string("c")}));
  EXPECT_FALSE(keys->AnyWithin({std::string("a"), std::string("ab")}));
  EXPECT_FALSE(keys->AnyWithin({std::string("\xff"), std::string("\xff\xff")}));
}

TEST(KeySet, RangesIncludeTheirEnds) {
  const auto keys = KeySet::Make(*Longs({3, 9})).ValueOrDie();
  for (const auto& [min, max] : {std::pair<int64_t, int64_t>{3, 3}, {1, 3}, {9, 20}, {4, 9}}) {
    EXPECT_TRUE(keys->AnyWithin({min, max})) << min << " " << max;
  }
  for (const auto& [min, max] : {std::pair<int64_t, int64_t>{4, 8}, {kLeast, 2}, {10, kGreatest}}) {
    EXPECT_FALSE(keys->AnyWithin({min, max})) << min << " " << max;
  }
  EXPECT_TRUE(keys->AnyWithin({std::string("a"), std::string("b")}));  // says nothing of numbers
  EXPECT_FALSE(KeySet::Make(*Longs({})).ValueOrDie()->AnyWithin({kLeast, kGreatest}));
}

TEST(KeySet, OtherColumnsAreRefusedAndNullsAreNobodys) {
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.Append(5).ok());
  ASSERT_TRUE(builder.AppendNull().ok());
  const auto nulls = builder.Finish().ValueOrDie();
  EXPECT_TRUE(FailsWith(KeySet::Make(*nulls).status(), ErrorCode::kInvalidData));
  const auto int32 = arrow::MakeArrayOfNull(arrow::int32(), 1).ValueOrDie();
  EXPECT_TRUE(FailsWith(KeySet::Make(*int32).status(), ErrorCode::kTypeMismatch, {"int32"}));
  const auto keys = KeySet::Make(*Longs({0, 5})).ValueOrDie();
  FoundKeys found;
  ASSERT_TRUE(keys->Find(*nulls, 0, &found).ok());
  EXPECT_EQ(found.rows, (Numbers{0}));
  EXPECT_TRUE(FailsWith(keys->Find(*Texts({"5"}), 0, &found), ErrorCode::kTypeMismatch, {"int64"}));
}

class KeyRows : public ::testing::Test {
 protected:
  /// Keys 0, 10, … in row groups of 100, 1, 0 and 99 rows.
  void SetUp() override {
    Numbers ids(200);
    std::vector<std::string> texts;
    for (int64_t i = 0; i < 200; ++i) {
      ids[i] = i * 10;
      texts.push_back("key " + std::to_string(1000 + i));
    }
    const auto table =
        TableOf({IdField(100, "id", arrow::int64()), IdField(101, "text", arrow::utf8())},
                {Longs(ids), Texts(texts)});
    WriteParquet(path_, {.table = table, .row_groups = {100, 1, 0, 99}, .groups = "100,101"});
  }

  KeyHits Find(RowAccess& access, int64_t column, const arrow::Array& keys) const {
    const auto hits = access.FindKeys(column, *KeySet::Make(keys).ValueOrDie());
    EXPECT_TRUE(hits.ok()) << hits.status();
    return hits.ok() ? *hits : KeyHits{};
  }

  TempDir dir_;
  const std::string path_ = dir_ / "0";
};

TEST_F(KeyRows, StatisticsLeaveRowGroupsOut) {
  const auto access = RowAccess::Open({path_}, {}, LocalStore()).ValueOrDie();
  EXPECT_EQ(access->num_rows(), 200);
  const KeyHits some = Find(*access, 0, *Longs({1990, 20, 25}));
  EXPECT_EQ(some.found.rows, (Numbers{2, 199}));
  EXPECT_EQ(some.found.keys, (std::vector<int32_t>{1, 0}));
  EXPECT_EQ(some.row_groups_read, 2);
  EXPECT_EQ(some.row_groups_skipped, 1);
  EXPECT_EQ(some.files_read, 1);
  const KeyHits none = Find(*access, 0, *Longs({-5, 995, 5000}));
  EXPECT_TRUE(none.found.rows.empty());
  EXPECT_EQ(none.row_groups_read, 0);
  EXPECT_EQ(none.row_groups_skipped, 3);
  EXPECT_EQ(none.files_skipped, 1);
  const KeyHits text = Find(*access, 1, *Texts({"key 1100", "key"}));
  EXPECT_EQ(text.found.rows, (Numbers{100}));
  EXPECT_EQ(text.row_groups_read, 1);
}

TEST_F(KeyRows, WindowsOfAGroupCountOnlyTheirRows) {
  FileGroup group;
  group.files = {{path_, 150, 200}, {path_, 10, 101}};
  const auto access = RowAccess::Open({group}, {}, LocalStore()).ValueOrDie();
  EXPECT_EQ(access->num_rows(), 141);
  const KeyHits hits = Find(*access, 0, *Longs({90, 100, 1000, 1490, 1500}));
  EXPECT_EQ(hits.found.rows, (Numbers{0, 50, 140}));  // 1500, 100, 1000
  EXPECT_EQ(hits.found.keys, (std::vector<int32_t>{4, 1, 2}));
  EXPECT_EQ(hits.row_groups_read, 3);
  const KeyHits last = Find(*access, 0, *Longs({1990}));
  EXPECT_EQ(last.found.rows, (Numbers{49}));
  EXPECT_EQ(last.files_read, 1);
  EXPECT_EQ(last.files_skipped, 1);
  EXPECT_EQ(last.row_groups_skipped, 2);
}

TEST_F(KeyRows, ColumnsThatAreNotThere) {
  ReaderOptions options;
  options.schema = arrow::schema(
      {IdField(100, "id", arrow::int64()), IdField(7, "other", arrow::int64(), true)});
  const auto access = RowAccess::Open({path_}, options, LocalStore()).ValueOrDie();
  const auto keys = KeySet::Make(*Longs({1})).ValueOrDie();
  EXPECT_TRUE(
      FailsWith(access->FindKeys(1, *keys).status(), ErrorCode::kMetadataCorrupted, {"other"}));
  EXPECT_TRUE(FailsWith(access->FindKeys(2, *keys).status(), ErrorCode::kInvalidArgument));
  const auto text = KeySet::Make(*Texts({"1"})).ValueOrDie();
  EXPECT_TRUE(FailsWith(access->FindKeys(0, *text).status(), ErrorCode::kTypeMismatch));
  access->Close();
  EXPECT_TRUE(FailsWith(access->FindKeys(0, *keys).status(), ErrorCode::kClosed));
}

TEST(GatherRows, OrderOverBatches) {
  const auto schema = arrow::schema({arrow::field("n", arrow::int64())});
  const auto first = arrow::RecordBatch::Make(schema, 2, {Longs({10, 11})});
  const auto second = arrow::RecordBatch::Make(schema, 3, {Longs({12, 13, 14})});
  const auto gathered = GatherRows(schema, {first, second}, {4, 0, 4, 2}).ValueOrDie();
  EXPECT_TRUE(gathered->column(0)->Equals(*Longs({14, 10, 14, 12})));
  EXPECT_EQ(GatherRows(schema, {}, {}).ValueOrDie()->num_rows(), 0);
  EXPECT_TRUE(
      FailsWith(GatherRows(schema, {first}, {2}).status(), ErrorCode::kInvalidArgument, {"2"}));
  EXPECT_TRUE(FailsWith(GatherRows(schema, {}, {0}).status(), ErrorCode::kInvalidArgument));
}

TEST(Visibility, LookingCountsNothing) {
  const auto visibility = Visibility::Make(100);
  ASSERT_TRUE(visibility->AddDeletes(*Longs({1}), *Longs({50})).ok());
  const auto mask = visibility->Look(*Longs({1, 1, 2}), *Longs({49, 50, 101})).ValueOrDie();
  ASSERT_TRUE(mask);
  EXPECT_FALSE(mask->Value(0));
  EXPECT_TRUE(mask->Value(1));
  EXPECT_FALSE(mask->Value(2));
  EXPECT_EQ(visibility->hidden_rows(), 0);
  ASSERT_TRUE(visibility->Judge(*Longs({1, 1, 2}), *Longs({49, 50, 101})).ok());
  EXPECT_EQ(visibility->hidden_rows(), 2);
}

}  // namespace
}  // namespace packed::test
