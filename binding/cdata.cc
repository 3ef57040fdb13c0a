#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"

#include "batch_export.h"
#include "batch_import.h"
#include "call.h"
#include "exported_structs.h"
#include "field_spec.h"
#include "handle_kinds.h"
#include "lend_batch.h"
#include "open_stream.h"
#include "operation.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "schema_bridge.h"
#include "values.h"

namespace packed::binding {
namespace {

/// \brief The struct at an address that JavaScript got from another library.
///
/// Nothing can be checked but that there is an address and contents: this is the unsafe door.
template <typename Struct>
arrow::Result<Struct*> StructAt(Napi::Value address, const char* what) {
  ARROW_ASSIGN_OR_RAISE(const BigInteger number, Read<BigInteger>(address, what));
  auto* found = reinterpret_cast<Struct*>(number.value);
  if (found == nullptr || found->release == nullptr) {
    return MakeError(ErrorCode::kInvalidArgument,
                     std::string("Expected an ") + what +
                         " with contents but received a released one or address 0");
  }
  return found;
}

Napi::Value AddressOf(Napi::Env env, int64_t address) { return Napi::BigInt::New(env, address); }

arrow::Status ImportError(const arrow::Status& status) {
  return WithContext(status, ErrorCode::kInvalidArgument, {});
}

}  // namespace

CallResult CDataExport(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[1], "batch"));
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));
  OwnedSchema exported;
  ARROW_RETURN_NOT_OK(arrow::ExportSchema(*schema, exported.get()));

  ArrowArray* c_array = nullptr;
  ArrowSchema* c_schema = nullptr;
  Napi::Object addresses = Napi::Object::New(call.env());
  addresses.Set("array", AddressOf(call.env(), PublishStruct(&c_array)));
  addresses.Set("schema", AddressOf(call.env(), PublishStruct(&c_schema)));
  imported.array.MoveTo(c_array);
  exported.MoveTo(c_schema);
  return addresses;
}

CallResult CDataImport(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(ArrowArray * c_array, StructAt<ArrowArray>(call[0], "ArrowArray"));
  ARROW_ASSIGN_OR_RAISE(ArrowSchema * c_schema, StructAt<ArrowSchema>(call[1], "ArrowSchema"));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[2]));
  ARROW_ASSIGN_OR_RAISE(const auto imported_schema, ImportForeignSchema(*c_schema));
  ArrowSchemaRelease(c_schema);
  const auto imported = arrow::ImportRecordBatch(c_array, imported_schema);
  if (!imported.ok()) return ImportError(imported.status());
  const arrow::RecordBatch& batch = **imported;
  ARROW_ASSIGN_OR_RAISE(auto schema, ToNativeSchema(call.env(), *batch.schema()));
  ARROW_ASSIGN_OR_RAISE(OutgoingBatch outgoing, LayOutBatch(batch));
  ARROW_ASSIGN_OR_RAISE(auto native, LendBatch(call.environment(), outgoing, policy));
  Napi::Object result = Napi::Object::New(call.env());
  result.Set("schema", schema);
  result.Set("batch", native);
  return result;
}

CallResult CDataExportStream(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto array, Read<Napi::Array>(call[1], "batches"));
  arrow::RecordBatchVector batches;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(array.Get(i), "batches"));
    ARROW_ASSIGN_OR_RAISE(auto batch,
                          ImportAsRecordBatch(call.environment(), flat, schema, /*copy=*/false));
    batches.push_back(std::move(batch));
  }
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::RecordBatchReader::Make(std::move(batches), schema));
  ArrowArrayStream* stream = nullptr;
  const int64_t address = PublishStruct(&stream);
  ARROW_RETURN_NOT_OK(arrow::ExportRecordBatchReader(std::move(reader), stream));
  return AddressOf(call.env(), address);
}

CallResult CDataOpenStream(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(ArrowArrayStream * c_stream,
                        StructAt<ArrowArrayStream>(call[0], "ArrowArrayStream"));
  auto open = std::make_shared<OpenStream>();
  ARROW_ASSIGN_OR_RAISE(open->stream, ForeignStream::Open(c_stream));
  ARROW_ASSIGN_OR_RAISE(auto schema, ToNativeSchema(call.env(), *open->stream->schema()));
  Napi::Object opened = Napi::Object::New(call.env());
  opened.Set("stream", MakeHandle(call.env(), std::move(open)));
  opened.Set("schema", schema);
  return opened;
}

CallResult CDataStreamNext(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto open, FromHandle<OpenStream>(call[0]));
  ARROW_ASSIGN_OR_RAISE(const ReadPolicy policy, ReadReadPolicy(call[1]));
  if (open->closed) {
    return MakeError(ErrorCode::kClosed, "Expected an open stream but received a closed one");
  }
  auto execute = [stream = open->stream]() -> arrow::Result<std::optional<OutgoingBatch>> {
    ARROW_ASSIGN_OR_RAISE(const auto batch, stream->Next());
    return LayOutNext(batch);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[2],
                            MakeOperation(CancelToken(), std::move(execute), LendNext{policy}),
                            open->strand.get()));
  return call.env().Undefined();
}

/// The producer's release callback may block too: it runs behind the reads, on the pool.
CallResult CDataStreamClose(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto open, FromHandle<OpenStream>(call[0]));
  open->closed = true;
  open->strand->Post([stream = std::exchange(open->stream, nullptr)]() mutable { stream.reset(); });
  return call.env().Undefined();
}

CallResult CDataFree(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const std::string kind, Read<std::string>(call[0], "kind"));
  ARROW_ASSIGN_OR_RAISE(const BigInteger address, Read<BigInteger>(call[1], "address"));
  ARROW_RETURN_NOT_OK(FreeStruct(kind, address.value));
  return call.env().Undefined();
}

}  // namespace packed::binding
