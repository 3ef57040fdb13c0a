#include "column_encoding.h"

#include <algorithm>
#include <memory>
#include <string>

#include "parquet/arrow/schema.h"
#include "parquet/schema.h"

#include "packed/error.h"
#include "parquet_properties.h"

namespace packed {

using arrow::Result;
using arrow::Status;

namespace {

const char* ValuesOf(ColumnEncoding encoding) {
  switch (encoding) {
    case ColumnEncoding::kDeltaBinaryPacked:
      return "integers, dates, times or timestamps";
    case ColumnEncoding::kDeltaLengthByteArray:
    case ColumnEncoding::kDeltaByteArray:
      return "strings or binaries";
    case ColumnEncoding::kByteStreamSplit:
      return "numbers or values of one width";
    default:
      return "values";
  }
}

/// How Parquet stores the leaves of a column.
Result<std::vector<parquet::Type::type>> LeafTypes(const std::shared_ptr<arrow::Field>& stored) {
  std::shared_ptr<parquet::SchemaDescriptor> leaves;
  const auto schema = arrow::schema({stored});
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(
      schema.get(), *parquet::default_writer_properties(), *MakeArrowWriterProperties(), &leaves));
  std::vector<parquet::Type::type> types;
  types.reserve(leaves->num_columns());
  for (int i = 0; i < leaves->num_columns(); ++i) {
    types.push_back(leaves->Column(i)->physical_type());
  }
  return types;
}

bool IsFloat(parquet::Type::type type) {
  return type == parquet::Type::FLOAT || type == parquet::Type::DOUBLE;
}

std::string NameOf(ColumnEncoding encoding) {
  return parquet::EncodingToString(ParquetEncoding(encoding));
}

}  // namespace

parquet::Encoding::type ParquetEncoding(ColumnEncoding encoding) {
  switch (encoding) {
    case ColumnEncoding::kPlain:
      return parquet::Encoding::PLAIN;
    case ColumnEncoding::kDictionary:
      return parquet::Encoding::RLE_DICTIONARY;
    case ColumnEncoding::kDeltaBinaryPacked:
      return parquet::Encoding::DELTA_BINARY_PACKED;
    case ColumnEncoding::kDeltaLengthByteArray:
      return parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY;
    case ColumnEncoding::kDeltaByteArray:
      return parquet::Encoding::DELTA_BYTE_ARRAY;
    case ColumnEncoding::kByteStreamSplit:
      return parquet::Encoding::BYTE_STREAM_SPLIT;
  }
  return parquet::Encoding::UNDEFINED;
}

bool Suits(ColumnEncoding encoding, parquet::Type::type type) {
  switch (encoding) {
    case ColumnEncoding::kDeltaBinaryPacked:
      return type == parquet::Type::INT32 || type == parquet::Type::INT64;
    case ColumnEncoding::kDeltaLengthByteArray:
    case ColumnEncoding::kDeltaByteArray:
      return type == parquet::Type::BYTE_ARRAY;
    case ColumnEncoding::kByteStreamSplit:
      return type == parquet::Type::INT32 || type == parquet::Type::INT64 ||
             type == parquet::Type::FLOAT || type == parquet::Type::DOUBLE ||
             type == parquet::Type::FIXED_LEN_BYTE_ARRAY;
    default:
      return true;
  }
}

Result<std::vector<ColumnEncoding>> ChoicesFor(const ColumnPlan& plan, bool deltas) {
  ARROW_ASSIGN_OR_RAISE(const auto leaves, LeafTypes(plan.stored));
  const auto all = [&leaves](auto&& holds) {
    return std::all_of(leaves.begin(), leaves.end(), holds);
  };
  std::vector<ColumnEncoding> choices{ColumnEncoding::kPlain};
  if (all([](auto type) { return type == parquet::Type::BOOLEAN; })) return choices;
  for (const auto encoding :
       {ColumnEncoding::kDeltaBinaryPacked, ColumnEncoding::kDeltaLengthByteArray,
        ColumnEncoding::kDeltaByteArray}) {
    if (encoding == ColumnEncoding::kDeltaBinaryPacked && !deltas) continue;
    if (all([&](auto type) { return Suits(encoding, type); })) choices.push_back(encoding);
  }
  if (plan.dense_vector || all(IsFloat)) choices.push_back(ColumnEncoding::kByteStreamSplit);
  if (!plan.dense_vector) choices.push_back(ColumnEncoding::kDictionary);
  return choices;
}

Status CheckEncoding(const ColumnOptions& column, const WriterOptions& options,
                     const ColumnPlan& plan) {
  if (!column.encoding) return Status::OK();
  const ColumnEncoding encoding = *column.encoding;
  if (encoding == ColumnEncoding::kPlain || encoding == ColumnEncoding::kDictionary) {
    return Status::OK();
  }
  const std::string& name = plan.declared->name();
  if (options.layout == Layout::kMilvus) {
    return MakeError(ErrorCode::kNotSupported,
                     "Expected encoding " + NameOf(encoding) + " for field '" + name +
                         "' in layout fast or small but received layout milvus",
                     {"", name});
  }
  ARROW_ASSIGN_OR_RAISE(const auto leaves, LeafTypes(plan.stored));
  for (const auto type : leaves) {
    if (Suits(encoding, type)) continue;
    return MakeError(ErrorCode::kInvalidArgument,
                     std::string("Expected ") + ValuesOf(encoding) + " for field '" + name +
                         "' with encoding " + NameOf(encoding) + " but received " +
                         plan.declared->type()->ToString(),
                     {"", name});
  }
  return Status::OK();
}

}  // namespace packed
