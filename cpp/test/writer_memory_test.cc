#include <algorithm>
#include <atomic>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/buffer.h"
#include "gtest/gtest.h"

#include "fixture_data.h"
#include "packed/memory.h"
#include "writer_harness.h"

/// Whose memory is held when: the caller's never after Write, ours never after the writer.
namespace packed::testing {
namespace {

/// A buffer over other memory that says when the last reference to it went.
class WatchedBuffer : public arrow::Buffer {
 public:
  WatchedBuffer(std::shared_ptr<arrow::Buffer> bytes, std::atomic<int>* alive)
      : arrow::Buffer(bytes->data(), bytes->size()), bytes_(std::move(bytes)), alive_(alive) {
    ++*alive_;
  }
  ~WatchedBuffer() override { --*alive_; }

 private:
  std::shared_ptr<arrow::Buffer> bytes_;
  std::atomic<int>* alive_;
};

std::shared_ptr<arrow::ArrayData> Watch(const arrow::ArrayData& data, std::atomic<int>* alive) {
  auto watched = data.Copy();
  for (auto& buffer : watched->buffers) {
    if (buffer != nullptr) buffer = std::make_shared<WatchedBuffer>(buffer, alive);
  }
  for (auto& child : watched->child_data) child = Watch(*child, alive);
  if (watched->dictionary != nullptr) watched->dictionary = Watch(*watched->dictionary, alive);
  return watched;
}

std::shared_ptr<arrow::RecordBatch> Watch(const arrow::RecordBatch& batch,
                                          std::atomic<int>* alive) {
  std::vector<std::shared_ptr<arrow::ArrayData>> columns(batch.num_columns());
  for (int i = 0; i < batch.num_columns(); ++i) columns[i] = Watch(*batch.column_data(i), alive);
  return arrow::RecordBatch::Make(batch.schema(), batch.num_rows(), std::move(columns));
}

std::shared_ptr<arrow::RecordBatch> EveryShape() {
  const auto dictionary = arrow::dictionary(arrow::int8(), arrow::utf8());
  const arrow::ArrayVector columns = {
      Json(arrow::int64(), "[1, null, 3, 4]"),
      Json(arrow::utf8(), R"(["a", null, "ccc", "d"])"),
      Json(arrow::utf8_view(), R"(["a", null, "longer than twelve bytes", "d"])"),
      Json(arrow::fixed_size_list(arrow::float32(), 2), "[[1, 2], null, [3, 4], [5, 6]]"),
      Json(arrow::list(arrow::float32()), "[[1, 2], null, [3, 4], [5, 6]]"),
      Json(arrow::list(arrow::utf8()), R"([["x", null], null, [], ["y"]])"),
      Json(arrow::list_view(arrow::int32()), "[[1], null, [], [2]]"),
      Json(arrow::struct_({arrow::field("a", arrow::utf8())}),
           R"([{"a": "x"}, null, {"a": null}, {"a": "y"}])"),
      arrow::DictionaryArray::FromArrays(dictionary, Json(arrow::int8(), "[1, null, 0, 1]"),
                                         Json(arrow::utf8(), R"(["p", "q"])"))
          .ValueOrDie(),
      Json(arrow::map(arrow::utf8(), arrow::int32()), R"([[["k", 1]], null, [], []])"),
  };
  arrow::FieldVector fields;
  for (size_t i = 0; i < columns.size(); ++i) {
    fields.push_back(IdField("c" + std::to_string(i), columns[i]->type(), 100 + i));
  }
  return BatchOf(arrow::schema(fields), columns);
}

/// Rows stay pending, or fill row groups, or the buffer is full: nothing of the batch is kept.
TEST(WriterMemory, NothingOfTheCallersIsHeldAfterWrite) {
  const auto batch = EveryShape();
  std::vector<int> all(batch->num_columns());
  std::iota(all.begin(), all.end(), 0);
  for (const int64_t row_group_bytes : {int64_t{1} << 20, int64_t{1}, int64_t{700}}) {
    SCOPED_TRACE(row_group_bytes);
    ScratchDir dir;
    WriterOptions options;
    options.row_group_bytes = row_group_bytes;
    options.columns["c4"].vector_dim = 2;
    auto writer = PackedWriter::Open(batch->schema(), GroupsOf(dir, {all}), options, LocalStore())
                      .ValueOrDie();
    for (int64_t begin = 0; begin < 3; ++begin) {
      std::atomic<int> alive{0};
      auto watched = Watch(*batch, &alive)->Slice(begin, 2);
      EXPECT_GT(alive, 20);
      ASSERT_TRUE(writer->Write(watched).ok());
      watched.reset();
      EXPECT_EQ(alive, 0);
    }
    ASSERT_TRUE(writer->Finish().ok());
    EXPECT_EQ(ReadBack(dir.File("0")).table->num_rows(), 6);
  }
}

TEST(WriterMemory, RefusedBatchIsNotHeldEither) {
  ScratchDir dir;
  const auto schema = arrow::schema({IdField("a", arrow::utf8(), 1, false)});
  auto writer = PackedWriter::Open(schema, GroupsOf(dir, {{0}}), {}, LocalStore()).ValueOrDie();
  std::atomic<int> alive{0};
  auto watched = Watch(*BatchOf(schema, {Json(arrow::utf8(), R"(["a", null])")}), &alive);
  EXPECT_EQ(CodeOf(writer->Write(watched)), ErrorCode::kInvalidData);
  watched.reset();
  EXPECT_EQ(alive, 0);
}

TEST(WriterMemory, FullRowGroupsAreNotCopied) {
  ScratchDir dir;
  const auto schema = arrow::schema({IdField("v", arrow::fixed_size_binary(1 << 16), 1, false)});
  arrow::FixedSizeBinaryBuilder builder(arrow::fixed_size_binary(1 << 16));
  for (int i = 0; i < 1600; ++i) ASSERT_TRUE(builder.Append(std::string(1 << 16, i & 127)).ok());
  const auto batch = BatchOf(schema, {builder.Finish().ValueOrDie()});  // 100 MiB
  auto writer = PackedWriter::Open(schema, GroupsOf(dir, {{0}}), {}, LocalStore()).ValueOrDie();
  const int64_t before = Pool()->max_memory();
  ASSERT_TRUE(writer->Write(batch).ok());
  EXPECT_LT(Pool()->max_memory() - before, 16 << 20);
  EXPECT_EQ(writer->Finish().ValueOrDie()[0].row_groups, 100);
}

TEST(WriterMemory, PoolIsBackWhereItWas) {
  const auto fixture = MultiGroupCase();
  const int64_t before = Pool()->bytes_allocated();
  for (const bool finish : {true, false}) {
    ScratchDir dir;
    auto writer =
        PackedWriter::Open(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), {}, LocalStore())
            .ValueOrDie();
    ASSERT_TRUE(writer->Write(FixtureBatch(fixture, 0, fixture.rows)).ok());
    EXPECT_GT(Pool()->bytes_allocated(), before);
    if (finish) {
      ASSERT_TRUE(writer->Finish().ok());
    } else {
      writer->Abort();
    }
    EXPECT_EQ(Pool()->bytes_allocated(), before);
  }
}

TEST(WriterMemory, TenThousandOneRowWrites) {
  ScratchDir dir;
  const auto fixture = MultiGroupCase();
  const int64_t before = Pool()->bytes_allocated();
  auto writer =
      PackedWriter::Open(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), {}, LocalStore())
          .ValueOrDie();
  const auto rows = FixtureBatch(fixture, 0, 10000);
  int64_t most = 0;
  for (int64_t i = 0; i < rows->num_rows(); ++i) {
    ASSERT_TRUE(writer->Write(rows->Slice(i, 1)).ok());
    most = std::max(most, Pool()->bytes_allocated() - before);
  }
  EXPECT_LT(most, 8 << 20);
  ASSERT_TRUE(writer->Finish().ok());
  for (size_t i = 0; i < fixture.groups.size(); ++i) {
    const auto file = ReadBack(dir.File(std::to_string(i)));
    EXPECT_EQ(file.metadata->num_row_groups(), 1);
    for (size_t j = 0; j < fixture.groups[i].size(); ++j) {
      EXPECT_TRUE(file.table->column(static_cast<int>(j))
                      ->Equals(arrow::ChunkedArray(rows->column(fixture.groups[i][j]))));
    }
  }
}

}  // namespace
}  // namespace packed::testing
