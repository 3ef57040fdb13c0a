#pragma once

// Vectors that a writer stores as codes: columns, options, and what readers have to make of them.

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "arrow/api.h"
#include "arrow/util/bit_util.h"
#include "gtest/gtest.h"

#include "packed/quantize.h"
#include "reader_support.h"
#include "writer_harness.h"

namespace packed::testing {

using test::ColumnOf;

inline constexpr int32_t kDim = 24;
inline constexpr int64_t kRows = 3000;
inline constexpr float kBound = 2;

inline std::shared_ptr<arrow::Buffer> Noise(int64_t values, int seed) {
  std::shared_ptr<arrow::Buffer> memory = arrow::AllocateBuffer(values * 4).ValueOrDie();
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-kBound, kBound);
  auto* floats = reinterpret_cast<float*>(memory->mutable_data());
  for (int64_t i = 0; i < values; ++i) floats[i] = uniform(random);
  return memory;
}

/// Every seventh row is null.
inline std::shared_ptr<arrow::Array> Vectors(int seed, bool nullable) {
  std::shared_ptr<arrow::Buffer> validity;
  if (nullable) {
    validity = arrow::AllocateEmptyBitmap(kRows).ValueOrDie();
    for (int64_t i = 0; i < kRows; ++i) {
      arrow::bit_util::SetBitTo(validity->mutable_data(), i, i % 7 != 3);
    }
  }
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::fixed_size_binary(kDim * 4), kRows,
                                                 {validity, Noise(kRows * kDim, seed)}));
}

/// The same memory as lists.
inline std::shared_ptr<arrow::Array> AsLists(const arrow::Array& vectors) {
  const auto& data = *vectors.data();
  auto items = arrow::ArrayData::Make(arrow::float32(), kRows * kDim, {nullptr, data.buffers[1]});
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::fixed_size_list(arrow::float32(), kDim),
                                                 kRows, {data.buffers[0]}, {items}));
}

/// `vectors` as FixedSizeBinary after quantizing them, by the functions in memory.
inline std::shared_ptr<arrow::Array> Expected(const arrow::Array& vectors,
                                              std::optional<float> max_abs) {
  const auto rule = max_abs ? ScaleRule::kGiven : ScaleRule::kVector;
  const auto quantized = QuantizeVectors(vectors, rule, max_abs.value_or(0) / 127).ValueOrDie();
  const auto& data = *vectors.data();
  const auto codes = arrow::MakeArray(
      arrow::ArrayData::Make(arrow::fixed_size_binary(kDim), vectors.length(),
                             {data.buffers[0], quantized.codes}, arrow::kUnknownNullCount));
  const arrow::FloatArray scales(vectors.length(), quantized.scales);
  const auto values =
      DequantizeVectors(*codes, max_abs ? nullptr : &scales, max_abs.value_or(0) / 127);
  return arrow::MakeArray(arrow::ArrayData::Make(arrow::fixed_size_binary(kDim * 4),
                                                 vectors.length(), {data.buffers[0], *values},
                                                 arrow::kUnknownNullCount));
}

inline QuantizeField OwnScales(bool keep = false) { return {"v", "v8", 102, keep, {}, "vs", 103}; }
inline QuantizeField OneScale(bool keep = false) { return {"w", "w8", 105, keep, kBound, "", 0}; }

class Quantized : public ::testing::Test {
 protected:
  /// Columns: id, vectors of nullable binary, vectors of lists.
  std::shared_ptr<arrow::RecordBatch> Batch() const {
    arrow::Int64Builder ids;
    for (int64_t i = 0; i < kRows; ++i) EXPECT_TRUE(ids.Append(i).ok());
    return BatchOf(schema_, {ids.Finish().ValueOrDie(), v_, AsLists(*w_)});
  }

  std::vector<GroupResult> Write(const std::vector<std::vector<int>>& columns,
                                 std::vector<QuantizeField> fields, WriterOptions options = {}) {
    options.quantize = std::move(fields);
    options.row_group_bytes = 20000;
    options.if_exists = IfExists::kReplace;
    const auto groups = GroupsOf(dir_, columns);
    const auto batch = Batch();
    paths_.clear();
    for (const auto& group : groups) paths_.push_back(group.path);
    return WriteAll(schema_, groups, {batch->Slice(0, 1001), batch->Slice(1001)}, options);
  }

  void ExpectColumn(const arrow::Table& table, const std::string& name,
                    const std::shared_ptr<arrow::Array>& expected) const {
    const auto column = ColumnOf(table, name);
    ASSERT_NE(column, nullptr) << name;
    EXPECT_TRUE(column->Equals(expected)) << name;
  }

  ScratchDir dir_;
  std::vector<std::string> paths_;
  const std::shared_ptr<arrow::Array> v_ = Vectors(1, true);
  const std::shared_ptr<arrow::Array> w_ = Vectors(2, false);
  const std::shared_ptr<arrow::Schema> schema_ =
      arrow::schema({IdField("id", arrow::int64(), 100, false), IdField("v", v_->type(), 101, true),
                     IdField("w", arrow::fixed_size_list(arrow::float32(), kDim), 104, false)});
};

}  // namespace packed::testing
