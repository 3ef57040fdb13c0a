#include "fixture_data.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <utility>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/util/key_value_metadata.h"

namespace packed::testing {
namespace {

using Kind = FixtureKind;

template <typename T>
void AppendBytes(T value, std::string* out) {
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

std::string Varchar(int64_t i) {
  switch (i % 5) {
    case 0:
      return "";
    case 1:
      return "row-" + std::to_string(i);
    case 2:
      return "数据-" + std::to_string(i);
    case 3:
      return "é🙂" + std::to_string(i);
    default:
      return std::string(i % 17, 'x');
  }
}

std::string Bytes(const FixtureColumn& column, int64_t i) {
  std::string out;
  switch (column.kind) {
    case Kind::kVarchar:
      return Varchar(i);
    case Kind::kShortText:
      return "n" + std::to_string(i);
    case Kind::kPad:
      return std::string(column.n, 'x');
    case Kind::kJson:
      return "{\"i\":" + std::to_string(i) + ",\"s\":\"v" + std::to_string(i % 10) + "\"}";
    case Kind::kFloatVector:
      for (int64_t j = 0; j < column.n; ++j) {
        AppendBytes(static_cast<float>(i * column.n + j) * 0.25f, &out);
      }
      return out;
    case Kind::kConstantVector:
      for (int64_t j = 0; j < column.n; ++j) AppendBytes(static_cast<float>(j) * 0.5f, &out);
      return out;
    case Kind::kBinaryVector:
      for (int64_t j = 0; j < column.n / 8; ++j) {
        out.push_back(static_cast<char>(((i >> (8 * j)) & 255) ^ ((0xA5 * j) & 255)));
      }
      return out;
    default:
      std::abort();
  }
}

double Number(Kind kind, int64_t i) {
  switch (kind) {
    case Kind::kBool:
      return i % 3 == 0;
    case Kind::kInt8:
      return static_cast<double>(i % 251 - 125);
    case Kind::kInt16:
      return static_cast<double>((i * 7) % 60000 - 30000);
    case Kind::kInt32:
      return static_cast<double>((i * 7919) % 2000000000 - 1000000000);
    case Kind::kFloat:
      return static_cast<double>(i) * 0.5 - 100;
    case Kind::kDouble:
      return static_cast<double>(i) * 0.125 - 1000;
    default:
      std::abort();
  }
}

int64_t Integer(Kind kind, int64_t i) {
  if (kind == Kind::kRowId) return 1000000 + i;
  if (kind == Kind::kTimestamp) return 449000000000000000 + i * 262144;
  return i;
}

std::shared_ptr<arrow::DataType> TypeOf(const FixtureColumn& column) {
  switch (column.kind) {
    case Kind::kBool:
      return arrow::boolean();
    case Kind::kInt8:
      return arrow::int8();
    case Kind::kInt16:
      return arrow::int16();
    case Kind::kInt32:
      return arrow::int32();
    case Kind::kFloat:
      return arrow::float32();
    case Kind::kDouble:
      return arrow::float64();
    case Kind::kVarchar:
    case Kind::kShortText:
    case Kind::kPad:
      return arrow::utf8();
    case Kind::kJson:
      return arrow::binary();
    case Kind::kFloatVector:
    case Kind::kConstantVector:
      return arrow::fixed_size_binary(static_cast<int32_t>(column.n * 4));
    case Kind::kBinaryVector:
      return arrow::fixed_size_binary(static_cast<int32_t>(column.n / 8));
    default:
      return arrow::int64();
  }
}

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> Build(const FixtureColumn& column, int64_t begin, int64_t end,
                                    Value value) {
  Builder builder(TypeOf(column), arrow::default_memory_pool());
  for (int64_t i = begin; i < end; ++i) {
    const bool null = column.null_mod != 0 && i % column.null_mod == column.null_rem;
    const auto status = null ? builder.AppendNull() : builder.Append(value(i));
    if (!status.ok()) status.Abort();
  }
  return builder.Finish().ValueOrDie();
}

template <typename Builder>
std::shared_ptr<arrow::Array> BuildNumbers(const FixtureColumn& column, int64_t begin,
                                           int64_t end) {
  return Build<Builder>(column, begin, end, [&](int64_t i) {
    return static_cast<typename Builder::value_type>(Number(column.kind, i));
  });
}

std::shared_ptr<arrow::Array> BuildColumn(const FixtureColumn& column, int64_t begin, int64_t end) {
  const auto bytes = [&](int64_t i) { return Bytes(column, i); };
  switch (TypeOf(column)->id()) {
    case arrow::Type::BOOL:
      return Build<arrow::BooleanBuilder>(column, begin, end,
                                          [&](int64_t i) { return Number(column.kind, i) != 0; });
    case arrow::Type::INT8:
      return BuildNumbers<arrow::Int8Builder>(column, begin, end);
    case arrow::Type::INT16:
      return BuildNumbers<arrow::Int16Builder>(column, begin, end);
    case arrow::Type::INT32:
      return BuildNumbers<arrow::Int32Builder>(column, begin, end);
    case arrow::Type::FLOAT:
      return BuildNumbers<arrow::FloatBuilder>(column, begin, end);
    case arrow::Type::DOUBLE:
      return BuildNumbers<arrow::DoubleBuilder>(column, begin, end);
    case arrow::Type::STRING:
      return Build<arrow::StringBuilder>(column, begin, end, bytes);
    case arrow::Type::BINARY:
      return Build<arrow::BinaryBuilder>(column, begin, end, bytes);
    case arrow::Type::FIXED_SIZE_BINARY:
      return Build<arrow::FixedSizeBinaryBuilder>(column, begin, end, bytes);
    default:
      return Build<arrow::Int64Builder>(column, begin, end,
                                        [&](int64_t i) { return Integer(column.kind, i); });
  }
}

}  // namespace

FixtureCase MultiGroupCase() {
  return {"multi-group",
          1000,
          {{"RowID", Kind::kRowId, 0},
           {"Timestamp", Kind::kTimestamp, 1},
           {"pk", Kind::kInt64, 100},
           {"b", Kind::kBool, 101},
           {"i8", Kind::kInt8, 102},
           {"i16", Kind::kInt16, 103},
           {"i32", Kind::kInt32, 104},
           {"f32", Kind::kFloat, 105},
           {"f64", Kind::kDouble, 106},
           {"s", Kind::kVarchar, 107},
           {"sn", Kind::kShortText, 108, true, 7, 6},
           {"json", Kind::kJson, 109},
           {"fvec", Kind::kFloatVector, 110, false, 0, 0, 8},
           {"bvec", Kind::kBinaryVector, 111, false, 0, 0, 16}},
          {{0, 1, 2, 3, 4, 5, 6, 7, 8}, {9, 10, 11}, {12}, {13}}};
}

FixtureCase NullsCase() {
  return {"nulls",
          300,
          {{"RowID", Kind::kRowId, 0},
           {"Timestamp", Kind::kTimestamp, 1},
           {"pk", Kind::kInt64, 100},
           {"nb", Kind::kBool, 130, true, 7, 6},
           {"ni8", Kind::kInt8, 131, true, 7, 6},
           {"ni16", Kind::kInt16, 132, true, 7, 6},
           {"ni32", Kind::kInt32, 133, true, 7, 6},
           {"ni64", Kind::kInt64, 134, true, 7, 6},
           {"nf32", Kind::kFloat, 135, true, 7, 6},
           {"nf64", Kind::kDouble, 136, true, 7, 6},
           {"nstr", Kind::kVarchar, 137, true, 7, 6},
           {"njson", Kind::kJson, 138, true, 7, 6},
           {"allnull_str", Kind::kVarchar, 141, true, 1, 0},
           {"half", Kind::kVarchar, 144, true, 2, 0},
           {"nvec", Kind::kFloatVector, 139, true, 7, 6, 8},
           {"allnull_i64", Kind::kInt64, 140, true, 1, 0},
           {"nonull", Kind::kInt64, 143, true},
           {"allnull_vec", Kind::kFloatVector, 142, true, 1, 0, 8}},
          {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {10, 11, 12, 13}, {14}, {15, 16, 17}}};
}

FixtureCase RowGroupsCase() {
  return {"row-groups",
          2000,
          {{"RowID", Kind::kRowId, 0},
           {"Timestamp", Kind::kTimestamp, 1},
           {"pk", Kind::kInt64, 100},
           {"padA", Kind::kPad, 120, false, 0, 0, 5000},
           {"s", Kind::kVarchar, 107},
           {"padB", Kind::kPad, 121, false, 0, 0, 3000},
           {"cvec", Kind::kConstantVector, 122, false, 0, 0, 128}},
          {{0, 1, 2}, {3, 4}, {5}, {6}}};
}

std::shared_ptr<arrow::Schema> FixtureSchema(const FixtureCase& fixture) {
  arrow::FieldVector fields;
  for (const auto& column : fixture.columns) {
    fields.push_back(arrow::field(
        column.name, TypeOf(column), column.nullable,
        arrow::key_value_metadata({"PARQUET:field_id"}, {std::to_string(column.field_id)})));
  }
  return arrow::schema(std::move(fields));
}

std::shared_ptr<arrow::RecordBatch> FixtureBatch(const FixtureCase& fixture, int64_t begin,
                                                 int64_t end) {
  arrow::ArrayVector columns;
  for (const auto& column : fixture.columns) columns.push_back(BuildColumn(column, begin, end));
  return arrow::RecordBatch::Make(FixtureSchema(fixture), end - begin, std::move(columns));
}

std::optional<std::string> FixtureDir(const std::string& test) {
  namespace fs = std::filesystem;
  const char* chosen = std::getenv("ARROW_PACKED_FIXTURES");
  const fs::path dir =
      chosen != nullptr
          ? fs::path(chosen)
          : fs::path(__FILE__).parent_path().parent_path().parent_path().parent_path() / "shared" /
                "fixtures";
  if (fs::is_directory(dir / "packed")) return dir.string();
  std::cout << test << " did not run: no fixtures at " << dir << "\n";
  return std::nullopt;
}

}  // namespace packed::testing
