#include "packed/column_layout.h"

#include <memory>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "operation.h"
#include "values.h"
#include "writer_options.h"

namespace packed::binding {
namespace {

/// Batches on their way: C data until the pool takes it over.
struct PendingBatches {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<OwnedArray> arrays;
  WriterOptions options;

  arrow::Result<std::vector<ColumnLayout>> Optimize() {
    arrow::RecordBatchVector batches;
    for (auto& array : arrays) {
      ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array.get(), schema));
      batches.push_back(std::move(batch));
    }
    return OptimizeColumnLayout(schema, batches, std::move(options));
  }
};

using Borrowed = std::vector<std::shared_ptr<BorrowedMemory>>;

Napi::Object ToNative(Napi::Env env, const EncodingTrial& trial) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("encoding", NameOf(trial.encoding));
  native.Set("bytes", static_cast<double>(trial.bytes));
  return native;
}

Napi::Object ToNative(Napi::Env env, const ColumnLayout& layout) {
  Napi::Object native = Napi::Object::New(env);
  native.Set("name", TextOf(env, layout.name));
  native.Set("trials", ArrayOf(env, layout.trials,
                               [env](const EncodingTrial& trial) { return ToNative(env, trial); }));
  native.Set("sampleRows", static_cast<double>(layout.sample_rows));
  native.Set("distinctRatio", layout.distinct_ratio
                                  ? Napi::Value(Napi::Number::New(env, *layout.distinct_ratio))
                                  : env.Null());
  return native;
}

arrow::Result<WriterOptions> ReadOptions(Napi::Object object) {
  WriterOptions options = DefaultOptions(Layout::kSmall);
  ARROW_ASSIGN_OR_RAISE(auto codec, ReadMember<Napi::Object>(object, "compression"));
  ARROW_ASSIGN_OR_RAISE(options.codec, ReadCodec(codec));
  ARROW_RETURN_NOT_OK(ReadColumnChoices(object, &options));
  ARROW_ASSIGN_OR_RAISE(options.concurrency, ReadMember<int32_t>(object, "concurrency"));
  return options;
}

}  // namespace

CallResult ColumnLayoutOf(const Call& call) {
  PendingBatches pending;
  ARROW_ASSIGN_OR_RAISE(pending.schema, FromHandle<arrow::Schema>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto natives, Read<Napi::Array>(call[1], "batches"));
  ARROW_ASSIGN_OR_RAISE(auto options, Read<Napi::Object>(call[2], "options"));
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[3]));
  ARROW_ASSIGN_OR_RAISE(pending.options, ReadOptions(options));
  pending.options.cancel = *token;
  Borrowed memory;
  for (uint32_t i = 0; i < natives.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(auto native, Read<Napi::Object>(natives.Get(i), "batches"));
    ARROW_ASSIGN_OR_RAISE(auto imported, ImportFlatBatch(call.environment(), native,
                                                         *pending.schema, /*copy=*/false));
    pending.arrays.push_back(std::move(imported.array));
    memory.push_back(std::move(imported.memory));
  }
  auto execute = [pending = std::move(pending)]() mutable { return pending.Optimize(); };
  auto settle = [memory = std::move(memory)](
                    Environment& environment,
                    const std::vector<ColumnLayout>& layouts) -> CallResult {
    for (const auto& borrowed : memory) ARROW_RETURN_NOT_OK(borrowed->CheckAttached());
    const Napi::Env env = environment.env();
    return ArrayOf(env, layouts,
                   [env](const ColumnLayout& layout) { return ToNative(env, layout); });
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[4],
                            MakeOperation(*token, std::move(execute), std::move(settle))));
  return call.env().Undefined();
}

}  // namespace packed::binding
