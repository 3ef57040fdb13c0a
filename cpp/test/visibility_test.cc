// Which rows are there at a read timestamp.

#include "packed/visibility.h"

#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array/util.h"

#include "packed/memory.h"
#include "packed/payload.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

using Rows = std::vector<int64_t>;

/// A batch of a key, a timestamp and the row's number.
std::shared_ptr<arrow::RecordBatch> BatchOf(std::shared_ptr<arrow::Array> keys,
                                            const Rows& timestamps) {
  const auto rows = static_cast<int64_t>(timestamps.size());
  const auto schema =
      arrow::schema({arrow::field("key", keys->type()), arrow::field("ts", arrow::int64()),
                     arrow::field("row", arrow::int64())});
  return arrow::RecordBatch::Make(schema, rows, {std::move(keys), Longs(timestamps), Int64s(rows)});
}

/// Numbers of the rows that are visible.
Rows VisibleOf(Visibility& visibility, const std::shared_ptr<arrow::RecordBatch>& batch) {
  const auto kept = visibility.Apply(batch, 0, 1);
  EXPECT_TRUE(kept.ok()) << kept.status();
  if (!kept.ok()) return {};
  EXPECT_TRUE((*kept)->ValidateFull().ok());
  const auto& numbers = static_cast<const arrow::Int64Array&>(*(*kept)->column(2));
  return {numbers.raw_values(), numbers.raw_values() + numbers.length()};
}

TEST(Visibility, ARowIsDeletedStrictlyBelowTheDelete) {
  const auto visibility = Visibility::Make(100);
  ASSERT_TRUE(visibility->AddDeletes(*Longs({1}), *Longs({50})).ok());
  const auto batch = BatchOf(Longs({1, 1, 1, 2}), {49, 50, 51, 49});
  EXPECT_EQ(VisibleOf(*visibility, batch), (Rows{1, 2, 3}));
  EXPECT_EQ(visibility->deleted_keys(), 1);
  EXPECT_EQ(visibility->hidden_rows(), 1);
}

TEST(Visibility, RowsAfterTheReadTimestampAreNotThereYet) {
  const auto visibility = Visibility::Make(100);
  EXPECT_EQ(VisibleOf(*visibility, BatchOf(Longs({1, 2, 3}), {100, 101, 99})), (Rows{0, 2}));
  EXPECT_EQ(visibility->hidden_rows(), 1);
}

TEST(Visibility, DeletesAfterTheReadTimestampCountForNothing) {
  const auto visibility = Visibility::Make(100);
  ASSERT_TRUE(visibility->AddDeletes(*Longs({1, 2}), *Longs({101, 100})).ok());
  EXPECT_EQ(VisibleOf(*visibility, BatchOf(Longs({1, 2}), {10, 10})), (Rows{0}));
  EXPECT_EQ(visibility->deleted_keys(), 1);
}

TEST(Visibility, TheLatestOfSeveralDeletesDecides) {
  const auto visibility = Visibility::Make(100);
  ASSERT_TRUE(visibility->AddDeletes(*Longs({7, 7, 7}), *Longs({20, 60, 40})).ok());
  ASSERT_TRUE(visibility->AddDeletes(*Longs({7, 7}), *Longs({30, 200})).ok());
  EXPECT_EQ(VisibleOf(*visibility, BatchOf(Longs({7, 7, 7}), {59, 60, 61})), (Rows{1, 2}));
  EXPECT_EQ(visibility->deleted_keys(), 1);
}

TEST(Visibility, StringKeysAreComparedByTheirBytes) {
  const auto visibility = Visibility::Make(100);
  const std::string with_nul("a\0b", 3);
  {
    const auto keys = Texts({"a", "", with_nul, "\xf0\x9f\xa6\x89", std::string(100000, 'x')});
    ASSERT_TRUE(visibility->AddDeletes(*keys, *Longs({50, 50, 50, 50, 50})).ok());
  }  // the filter keeps copies
  const auto keys = Texts({"a", "A", "", with_nul, "a\xc3\xa4", "\xf0\x9f\xa6\x89",
                           std::string(100000, 'x'), std::string(99999, 'x')});
  EXPECT_EQ(VisibleOf(*visibility, BatchOf(keys, Rows(8, 10))), (Rows{1, 4, 7}));
  EXPECT_EQ(visibility->deleted_keys(), 5);
}

TEST(Visibility, ManyKeysAreToldApart) {
  const auto visibility = Visibility::Make(std::numeric_limits<int64_t>::max());
  constexpr int64_t kKeys = 100000;
  // Multiples of a power of two fall together in tables that only mask.
  ASSERT_TRUE(
      visibility->AddDeletes(*Int64s(kKeys, -kKeys / 2 * 65536, 65536), *Int64s(kKeys, 1)).ok());
  EXPECT_EQ(visibility->deleted_keys(), kKeys);
  Rows timestamps;
  Rows expected;
  for (int64_t i = 0; i < kKeys; ++i) {
    timestamps.push_back(i + (i % 3));  // the delete is at i + 1
    if (i % 3 != 0) expected.push_back(i);
  }
  const auto batch = BatchOf(Int64s(kKeys, -kKeys / 2 * 65536, 65536), timestamps);
  EXPECT_EQ(VisibleOf(*visibility, batch), expected);
}

TEST(Visibility, ABatchThatIsAllVisibleIsHandedOn) {
  const auto visibility = Visibility::Make(100);
  const auto batch = BatchOf(Longs({1, 2}), {10, 20});
  EXPECT_EQ(visibility->Apply(batch, 0, 1).ValueOrDie(), batch);
  ASSERT_TRUE(visibility->AddDeletes(*Longs({1, 3}), *Longs({10, 90})).ok());
  const int64_t before = Pool()->bytes_allocated();
  EXPECT_EQ(visibility->Apply(batch, 0, 1).ValueOrDie(), batch);
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST(Visibility, NoRowOfABatchMayBeLeft) {
  const auto visibility = Visibility::Make(5);
  const auto kept = visibility->Apply(BatchOf(Longs({1, 2}), {6, 7}), 0, 1).ValueOrDie();
  EXPECT_EQ(kept->num_rows(), 0);
  EXPECT_EQ(visibility->hidden_rows(), 2);
}

TEST(Visibility, SlicesCountAsWhatTheyShow) {
  const auto visibility = Visibility::Make(100);
  ASSERT_TRUE(
      visibility->AddDeletes(*Texts({"no", "b"})->Slice(1), *Longs({0, 50})->Slice(1)).ok());
  const auto batch = BatchOf(Texts({"b", "b", "c", "no"}), {50, 49, 49, 49});
  EXPECT_EQ(VisibleOf(*visibility, batch->Slice(1)), (Rows{2, 3}));
}

TEST(Visibility, ExtremesOfInt64AreTimestampsLikeOthers) {
  constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  const auto visibility = Visibility::Make(kMost);
  ASSERT_TRUE(
      visibility->AddDeletes(*Longs({kLeast, kMost, 0}), *Longs({kMost, kLeast + 1, kLeast})).ok());
  const auto batch = BatchOf(Longs({kLeast, kLeast, kMost, kMost, 0}),
                             {kMost, kMost - 1, kLeast, kLeast + 1, kLeast});
  EXPECT_EQ(VisibleOf(*visibility, batch), (Rows{0, 3, 4}));
}

TEST(Visibility, BadColumnsAreNamed) {
  const auto visibility = Visibility::Make(100);
  const auto null_text = arrow::MakeArrayOfNull(arrow::utf8(), 2).ValueOrDie();
  const auto null_long = arrow::MakeArrayOfNull(arrow::int64(), 2).ValueOrDie();
  const auto longs = Longs({1, 2});
  EXPECT_TRUE(FailsWith(visibility->AddDeletes(*null_text, *longs), ErrorCode::kInvalidData,
                        {"keys", "row 0"}));
  EXPECT_TRUE(FailsWith(visibility->AddDeletes(*longs, *null_long), ErrorCode::kInvalidData,
                        {"timestamps", "row 0"}));
  EXPECT_TRUE(
      FailsWith(visibility->AddDeletes(*longs, *Longs({1})), ErrorCode::kInvalidData, {"2", "1"}));
  EXPECT_TRUE(FailsWith(visibility->AddDeletes(*longs, *Texts({"1", "2"})),
                        ErrorCode::kTypeMismatch, {"timestamps", "string"}));
  EXPECT_EQ(visibility->deleted_keys(), 0);
  ASSERT_TRUE(visibility->AddDeletes(*longs, *longs).ok());
  EXPECT_TRUE(FailsWith(visibility->AddDeletes(*Texts({"1"}), *Longs({1})),
                        ErrorCode::kTypeMismatch, {"int64", "string"}));
  EXPECT_TRUE(FailsWith(visibility->Apply(BatchOf(Texts({"1"}), {1}), 0, 1).status(),
                        ErrorCode::kTypeMismatch, {"int64", "string"}));
  EXPECT_TRUE(FailsWith(visibility->Apply(BatchOf(null_long, {1, 1}), 0, 1).status(),
                        ErrorCode::kInvalidData, {"keys", "row 0"}));
}

/// Hands out what it was given.
class Given final : public BatchSource {
 public:
  Given(std::shared_ptr<arrow::Schema> schema, arrow::RecordBatchVector batches)
      : schema_(std::move(schema)), batches_(std::move(batches)) {}

  const std::shared_ptr<arrow::Schema>& schema() const override { return schema_; }
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() override {
    if (next_ == batches_.size()) return nullptr;
    return batches_[next_++];
  }
  void Close() noexcept override {}

 private:
  std::shared_ptr<arrow::Schema> schema_;
  arrow::RecordBatchVector batches_;
  size_t next_ = 0;
};

TEST(FilterVisible, SkipsBatchesWithoutRowsAndKeepsTheOutput) {
  const auto visibility = Visibility::Make(100);
  ASSERT_TRUE(visibility->AddDeletes(*Longs({1}), *Longs({50})).ok());
  const auto whole = BatchOf(Longs({2, 3}), {1, 2});
  auto source = std::make_unique<Given>(
      whole->schema(), arrow::RecordBatchVector{BatchOf(Longs({1, 1}), {1, 2}),
                                                BatchOf(Longs({1, 2, 1}), {1, 2, 60}), whole,
                                                BatchOf(Longs({1}), {101})});
  const auto visible = FilterVisible(std::move(source), visibility, 0, 1, {2, 0});
  EXPECT_EQ(visible->schema()->field_names(), (std::vector<std::string>{"row", "key"}));
  const auto first = visible->ReadNext().ValueOrDie();
  EXPECT_TRUE(first->column(0)->Equals(*Longs({1, 2})));
  EXPECT_TRUE(first->column(1)->Equals(*Longs({2, 1})));
  const auto second = visible->ReadNext().ValueOrDie();
  EXPECT_EQ(second->column_data(1), whole->column_data(0));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(visible->ReadNext().ValueOrDie(), nullptr);
  EXPECT_EQ(visibility->hidden_rows(), 4);
}

TEST(FilterVisible, AFailureStays) {
  const auto bad = arrow::MakeArrayOfNull(arrow::int64(), 1).ValueOrDie();
  const auto good = BatchOf(Longs({1}), {1});
  auto source =
      std::make_unique<Given>(good->schema(), arrow::RecordBatchVector{BatchOf(bad, {1}), good});
  const auto visible = FilterVisible(std::move(source), Visibility::Make(5), 0, 1, {0});
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(FailsWith(visible->ReadNext().status(), ErrorCode::kInvalidData, {"keys"}));
  }
}

/// Rows 0 to 99: ts is row + 1, id is row. Key 0 has a delete at 10, others after the read at 90.
VisibleRows VisibleAt90() {
  VisibleRows visible{Visibility::Make(90), /*key_field=*/100, /*timestamp_field=*/1};
  EXPECT_TRUE(visible.filter->AddDeletes(*Int64s(10), *Int64s(10, 10, 90)).ok());
  return visible;
}

TEST(VisibleReaders, PayloadsYieldVisibleRowsOnly) {
  const auto schema =
      arrow::schema({IdField(1, "ts", arrow::int64()), IdField(100, "id", arrow::int64()),
                     IdField(102, "text", arrow::utf8())});
  const auto in_memory = [](const std::shared_ptr<arrow::Array>& column) {
    const auto batch = arrow::RecordBatch::Make(
        arrow::schema({arrow::field("val", column->type())}), column->length(), {column});
    const auto bytes = EncodePayload(batch->schema(), {batch}, {}).ValueOrDie();
    return Payload{"", bytes, 0, bytes->size()};
  };
  const std::vector<PayloadColumn> columns{{{in_memory(Int64s(60, 1)), in_memory(Int64s(40, 61))}},
                                           {{in_memory(Int64s(100))}},
                                           {{in_memory(Strings(100))}}};
  PayloadReaderOptions options;
  options.visible = VisibleAt90();
  options.output = std::vector<int>{2};
  auto opened = OpenPayloads(schema, columns, options, nullptr).ValueOrDie();
  EXPECT_EQ(opened.rows, 100);
  const auto texts = ReadRest(*opened.source).ValueOrDie();
  EXPECT_EQ(texts->schema()->field_names(), (std::vector<std::string>{"text"}));
  EXPECT_TRUE(ColumnOf(*texts, "text")->Equals(*Strings(100)->Slice(1, 89)));
  EXPECT_EQ(options.visible->filter->hidden_rows(), 11);

  options.output.reset();
  opened = OpenPayloads(schema, columns, options, nullptr).ValueOrDie();
  EXPECT_TRUE(opened.source->schema()->Equals(*schema, /*check_metadata=*/true));
  EXPECT_EQ(ReadRest(*opened.source).ValueOrDie()->num_rows(), 89);
}

TEST(VisibleReaders, PackedFilesYieldVisibleRowsOnly) {
  const TempDir dir;
  const std::string groups = "1,100;102";
  FileSpec system;
  system.table = TableOf({IdField(1, "ts", arrow::int64()), IdField(100, "id", arrow::int64())},
                         {Int64s(100, 1), Int64s(100)});
  system.row_groups = {30, 70};
  system.groups = groups;
  WriteParquet(dir / "0", system);
  FileSpec text;
  text.table = TableOf({IdField(102, "text", arrow::utf8())}, {Strings(100)});
  text.groups = groups;
  WriteParquet(dir / "1", text);

  ReaderOptions options;
  options.visible = VisibleAt90();
  options.columns = std::vector<ColumnRef>{"text"};
  const auto some = OpenReader({dir / "0", dir / "1"}, options).ValueOrDie();
  EXPECT_EQ(some->num_rows(), 100);
  const auto texts = ReadRest(*some).ValueOrDie();
  EXPECT_EQ(texts->schema()->field_names(), (std::vector<std::string>{"text"}));
  EXPECT_TRUE(ColumnOf(*texts, "text")->Equals(*Strings(100)->Slice(1, 89)));

  options.columns.reset();
  const auto all = ReadRest(*OpenReader({dir / "0", dir / "1"}, options).ValueOrDie()).ValueOrDie();
  EXPECT_EQ(all->schema()->field_names(), (std::vector<std::string>{"ts", "id", "text"}));
  EXPECT_TRUE(ColumnOf(*all, "id")->Equals(*Int64s(89, 1)));

  options.visible->key_field = 55;
  EXPECT_TRUE(FailsWith(OpenReader({dir / "0", dir / "1"}, options).status(),
                        ErrorCode::kInvalidArgument, {"55"}));
}

}  // namespace
}  // namespace packed::test
