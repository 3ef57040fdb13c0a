#include <memory>
#include <utility>
#include <vector>

#include "arrow/record_batch.h"

#include "call.h"
#include "open_stream.h"
#include "open_writer.h"
#include "operation.h"
#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

/// After so many bytes the pool is left and JavaScript told: it may have something else in mind.
constexpr int64_t kStepBytes = 32 << 20;

/// Batches of another library on their way into a writer; no JavaScript value has a part in it.
struct StreamWrite {
  WriterShare writer;
  std::shared_ptr<ForeignStream> stream;
  /// The writer's fields in the order in which the stream has them.
  std::shared_ptr<arrow::Schema> arriving;
  /// Where the stream has each of the writer's columns.
  std::vector<int> order;
};

struct StreamStep {
  int64_t rows = 0;
  bool ended = false;
};

/// \brief The positions as JavaScript has matched the schemas: a permutation.
arrow::Result<std::vector<int>> ReadOrder(Napi::Value value, const arrow::Schema& schema) {
  ARROW_ASSIGN_OR_RAISE(Napi::Array array, Read<Napi::Array>(value, "order"));
  const auto columns = static_cast<uint32_t>(schema.num_fields());
  std::vector<int> order;
  std::vector<bool> seen(columns, false);
  for (uint32_t i = 0; i < array.Length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const int32_t position, Read<int32_t>(array.Get(i), "order"));
    const bool fits = position >= 0 && static_cast<uint32_t>(position) < columns && !seen[position];
    if (!fits) return Unexpected("the position of one column each", "order", array.Get(i));
    seen[position] = true;
    order.push_back(position);
  }
  if (order.size() != columns) return Unexpected("a position for every column", "order", value);
  return order;
}

std::shared_ptr<arrow::Schema> Arriving(const arrow::Schema& schema,
                                        const std::vector<int>& order) {
  arrow::FieldVector fields(order.size());
  for (size_t column = 0; column < order.size(); ++column) {
    fields[order[column]] = schema.field(static_cast<int>(column));
  }
  return arrow::schema(std::move(fields));
}

arrow::Result<StreamStep> RunStep(const StreamWrite& work) {
  PackedWriter& writer = *work.writer->writer;
  StreamStep step;
  const int64_t begun = writer.progress().bytes_in;
  while (writer.progress().bytes_in - begun < kStepBytes) {
    ARROW_RETURN_NOT_OK(work.writer->cancel.Check());
    ARROW_ASSIGN_OR_RAISE(const auto batch, work.stream->Next(work.arriving));
    if (batch == nullptr) {
      step.ended = true;
      break;
    }
    arrow::ArrayVector columns;
    columns.reserve(work.order.size());
    for (const int position : work.order) columns.push_back(batch->column(position));
    ARROW_RETURN_NOT_OK(writer.Write(
        arrow::RecordBatch::Make(writer.schema(), batch->num_rows(), std::move(columns))));
    step.rows += batch->num_rows();
  }
  return step;
}

}  // namespace

CallResult WriterWriteStream(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenWriter>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto open, FromHandle<OpenStream>(call[1]));
  const arrow::Schema& schema = *share->writer->schema();
  ARROW_ASSIGN_OR_RAISE(auto order, ReadOrder(call[2], schema));
  if (open->closed) {
    return MakeError(ErrorCode::kClosed, "Expected an open stream but received a closed one");
  }
  auto arriving = Arriving(schema, order);
  auto execute = [work = StreamWrite{share, open->stream, std::move(arriving), std::move(order)}] {
    return RunStep(work);
  };
  auto settle = [](Environment& environment, const StreamStep& step) -> CallResult {
    Napi::Object native = Napi::Object::New(environment.env());
    native.Set("rows", static_cast<double>(step.rows));
    native.Set("ended", step.ended);
    return native;
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(share->cancel, std::move(execute), std::move(settle)),
                            share->strand.get()));
  return call.env().Undefined();
}

}  // namespace packed::binding
