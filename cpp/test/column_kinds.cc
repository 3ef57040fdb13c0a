#include "column_kinds.h"

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "gtest/gtest.h"

#include "writer_harness.h"

namespace packed::testing {
namespace {

using Make = std::function<std::shared_ptr<arrow::Array>(int64_t rows, bool nulls)>;

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(Builder builder, int64_t rows, bool nulls, Value&& value) {
  std::mt19937_64 random(rows);
  for (int64_t i = 0; i < rows; ++i) {
    const bool null = nulls && random() % 4 == 0;
    EXPECT_TRUE((null ? builder.AppendNull() : builder.Append(value(i, random()))).ok());
  }
  return builder.Finish().ValueOrDie();
}

struct Kind {
  const char* name;
  std::shared_ptr<arrow::DataType> type;
  Make make;
};

std::string Text(uint64_t random) {
  return std::to_string(random).substr(0, random % 21) + std::string(random % 3, '\0');
}

std::vector<Kind> Kinds() {
  return {
      {"sequence", arrow::int64(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::Int64Builder(), rows, nulls,
                      [](int64_t i, uint64_t random) { return i * 10 + int64_t(random % 10); });
       }},
      {"noise", arrow::int64(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::Int64Builder(), rows, nulls,
                      [](int64_t, uint64_t random) { return static_cast<int64_t>(random); });
       }},
      {"unsigned", arrow::uint32(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::UInt32Builder(), rows, nulls,
                      [](int64_t, uint64_t random) { return static_cast<uint32_t>(random); });
       }},
      {"few", arrow::int32(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::Int32Builder(), rows, nulls,
                      [](int64_t, uint64_t random) { return static_cast<int32_t>(random % 100); });
       }},
      {"small", arrow::int16(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::Int16Builder(), rows, nulls,
                      [](int64_t, uint64_t random) { return static_cast<int16_t>(random); });
       }},
      {"flag", arrow::boolean(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::BooleanBuilder(), rows, nulls,
                      [](int64_t, uint64_t random) { return random % 2 == 0; });
       }},
      {"float", arrow::float32(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::FloatBuilder(), rows, nulls, [](int64_t i, uint64_t random) {
           return i == 7 ? -0.0F : static_cast<float>(random) / 3.0F;
         });
       }},
      {"double", arrow::float64(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::DoubleBuilder(), rows, nulls, [](int64_t i, uint64_t random) {
           return i == 5 ? std::numeric_limits<double>::infinity() : static_cast<double>(random);
         });
       }},
      {"time", arrow::timestamp(arrow::TimeUnit::MICRO),
       [](int64_t rows, bool nulls) {
         return Build(arrow::TimestampBuilder(arrow::timestamp(arrow::TimeUnit::MICRO),
                                              arrow::default_memory_pool()),
                      rows, nulls, [](int64_t i, uint64_t random) {
                        return i * 1000000 + static_cast<int64_t>(random % 1000);
                      });
       }},
      {"text", arrow::utf8(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::StringBuilder(), rows, nulls,
                      [](int64_t, uint64_t random) { return Text(random); });
       }},
      {"large", arrow::large_binary(),
       [](int64_t rows, bool nulls) {
         return Build(arrow::LargeBinaryBuilder(), rows, nulls,
                      [](int64_t, uint64_t random) { return Text(random); });
       }},
      {"vector", arrow::fixed_size_binary(96),
       [](int64_t rows, bool nulls) {
         return Build(arrow::FixedSizeBinaryBuilder(arrow::fixed_size_binary(96)), rows, nulls,
                      [](int64_t, uint64_t random) {
                        std::string bytes;
                        for (int i = 0; i < 12; ++i, random = random * 6364136223846793005U + 1) {
                          bytes.append(reinterpret_cast<const char*>(&random), 8);
                        }
                        return bytes;
                      });
       }},
  };
}

}  // namespace

std::shared_ptr<arrow::Schema> SchemaOf(bool nulls) {
  arrow::FieldVector fields;
  for (const auto& kind : Kinds()) {
    fields.push_back(IdField(kind.name, kind.type, 100 + fields.size(), nulls));
  }
  return arrow::schema(fields);
}

std::shared_ptr<arrow::RecordBatch> BatchOfKinds(int64_t rows, bool nulls) {
  arrow::ArrayVector columns;
  for (const auto& kind : Kinds()) columns.push_back(kind.make(rows, nulls));
  return arrow::RecordBatch::Make(SchemaOf(nulls), rows, columns);
}

}  // namespace packed::testing
