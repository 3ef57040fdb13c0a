#include <memory>
#include <utility>
#include <vector>

#include "arrow/array.h"
#include "arrow/chunked_array.h"
#include "arrow/io/memory.h"
#include "parquet/arrow/writer.h"

#include "arrow_meter.h"
#include "batch_check.h"
#include "catch.h"
#include "codec_check.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "packed/payload.h"
#include "parquet_properties.h"
#include "stored_type.h"
#include "write_plan.h"

namespace packed {
namespace {

/// Parquet answers NotImplemented for types, Invalid and CapacityError for values.
ErrorCode FallbackCode(const arrow::Status& status) {
  if (status.IsNotImplemented()) return ErrorCode::kUnsupportedType;
  if (status.IsOutOfMemory()) return ErrorCode::kOutOfMemory;
  return ErrorCode::kInvalidData;
}

/// One group of every column, as they are: no field ids asked for, no vectors told apart.
WritePlan PlanPayload(const std::shared_ptr<arrow::Schema>& schema,
                      const PayloadEncoding& encoding) {
  WritePlan plan{schema, {GroupPlan{}}, {}};
  for (int i = 0; i < schema->num_fields(); ++i) {
    const auto& field = schema->field(i);
    ColumnPlan column;
    column.index = i;
    column.declared = field;
    column.stored = field->WithType(StoredType(field->type()));
    column.codec = encoding.codec;
    column.encoding = encoding.dictionary ? ColumnEncoding::kDictionary : ColumnEncoding::kPlain;
    plan.groups.front().columns.push_back(std::move(column));
  }
  return plan;
}

arrow::Status WriteColumn(const ColumnPlan& column, const arrow::RecordBatchVector& batches,
                          parquet::arrow::FileWriter* writer) {
  const auto& type = column.stored->type();
  arrow::ArrayVector chunks;
  for (const auto& batch : batches) {
    ARROW_ASSIGN_OR_RAISE(auto stored, ToStored(batch->column_data(column.index), type));
    chunks.push_back(arrow::MakeArray(stored));
  }
  return writer->WriteColumnChunk(std::make_shared<arrow::ChunkedArray>(std::move(chunks), type));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> Encode(const GroupPlan& group,
                                                     const arrow::RecordBatchVector& batches) {
  // With statistics on every column, as the writer of payloads has them.
  ARROW_ASSIGN_OR_RAISE(auto properties, MakeWriterProperties(group, Compatibility::kMilvus2_6));
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create(64 << 10, Pool()));
  ARROW_ASSIGN_OR_RAISE(auto writer, parquet::arrow::FileWriter::Open(*group.StoredSchema(), Pool(),
                                                                      sink, std::move(properties),
                                                                      MakeArrowWriterProperties()));
  ArrowWriteMeter meter(group.columns.size());
  if (!batches.empty()) {
    ARROW_RETURN_NOT_OK(writer->NewRowGroup());
    for (size_t i = 0; i < group.columns.size(); ++i) {
      const ColumnPlan& column = group.columns[i];
      const arrow::Status status =
          meter.Time(i, [&] { return WriteColumn(column, batches, writer.get()); });
      if (!status.ok()) {
        return WithContext(status, FallbackCode(status), {"", column.declared->name()});
      }
    }
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  meter.Count(*writer->metadata());
  return sink->Finish();
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Buffer>> EncodePayload(
    const std::shared_ptr<arrow::Schema>& schema,
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    const PayloadEncoding& encoding) {
  auto encoded = CatchAll([&]() -> arrow::Result<std::shared_ptr<arrow::Buffer>> {
    if (!schema || schema->num_fields() == 0) {
      return MakeError(ErrorCode::kInvalidSchema,
                       "Expected a schema with fields for a payload but received none");
    }
    ARROW_RETURN_NOT_OK(CheckCodec(encoding.codec, "the payload"));
    const WritePlan plan = PlanPayload(schema, encoding);
    arrow::RecordBatchVector filled;
    for (const auto& batch : batches) {
      ARROW_RETURN_NOT_OK(CheckBatch(plan, *batch));
      if (batch->num_rows() > 0) filled.push_back(batch);
    }
    return Encode(plan.groups.front(), filled);
  });
  if (encoded.ok()) return encoded;
  return WithContext(encoded.status(), FallbackCode(encoded.status()), {});
}

}  // namespace packed
