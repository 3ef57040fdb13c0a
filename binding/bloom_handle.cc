#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"

#include "batch_import.h"
#include "call.h"
#include "handle_kinds.h"
#include "operation.h"
#include "packed/bloom.h"
#include "packed/error.h"
#include "strand.h"
#include "values.h"

namespace packed::binding {
namespace {

/// \brief A filter and the queue of its operations.
///
/// Shared by the JavaScript handle and by every queued operation. The strand orders what runs on
/// the pool; the lock is for bloomParts, which answers on the JS thread.
struct OpenBloom {
  explicit OpenBloom(std::unique_ptr<BloomFilter> opened) : filter(std::move(opened)) {}

  const std::unique_ptr<BloomFilter> filter;
  std::shared_mutex mutex;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
};

}  // namespace

template <>
struct HandleKind<OpenBloom> {
  static constexpr const char* kName = "bloom filter";
  static constexpr napi_type_tag kTag{0x7d21c6f0a94b4e83, 0x93e8b05a1f7c46d2};
};

namespace {

/// A column of keys on its way: C data until the pool takes it over.
struct PendingKeys {
  std::shared_ptr<OpenBloom> share;
  std::shared_ptr<arrow::Schema> schema;
  OwnedArray array;

  arrow::Result<std::shared_ptr<arrow::Array>> Take() {
    ARROW_ASSIGN_OR_RAISE(auto batch, arrow::ImportRecordBatch(array.get(), schema));
    return batch->column(0);
  }
};

arrow::Result<BloomKind> ReadKind(Napi::Value value) {
  ARROW_ASSIGN_OR_RAISE(const auto kind, Read<std::string>(value, "kind"));
  if (kind == "basic") return BloomKind::kBasic;
  if (kind == "blocked") return BloomKind::kBlocked;
  return Unexpected("'basic' | 'blocked'", "kind", value);
}

arrow::Result<uint64_t> ReadCount(Napi::Object object, const char* name) {
  ARROW_ASSIGN_OR_RAISE(const auto count, ReadMember<int64_t>(object, name));
  if (count < 0) return Unexpected("a count", name, object.Get(name));
  return static_cast<uint64_t>(count);
}

/// \brief Start `run(PendingKeys&)` over a batch of one column, borrowed until it settles with
/// `deliver(Napi::Env, result)`.
template <typename Run, typename Deliver>
CallResult StartOverKeys(const Call& call, Run run, Deliver deliver) {
  ARROW_ASSIGN_OR_RAISE(auto share, FromHandle<OpenBloom>(call[0]));
  ARROW_ASSIGN_OR_RAISE(auto schema, FromHandle<arrow::Schema>(call[1]));
  ARROW_ASSIGN_OR_RAISE(auto flat, Read<Napi::Object>(call[2], "batch"));
  if (schema->num_fields() != 1) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected one column of keys but received " +
                                                      std::to_string(schema->num_fields()) +
                                                      " columns");
  }
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported,
                        ImportFlatBatch(call.environment(), flat, *schema, /*copy=*/false));

  Strand* strand = share->strand.get();
  auto settle = [deliver, memory = std::move(imported.memory)](Environment& environment,
                                                               const auto& value) -> CallResult {
    ARROW_RETURN_NOT_OK(memory->CheckAttached());
    return deliver(environment.env(), value);
  };
  auto execute = [run, keys = PendingKeys{std::move(share), std::move(schema),
                                          std::move(imported.array)}]() mutable {
    return run(keys);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[3],
                            MakeOperation(CancelToken(), std::move(execute), std::move(settle)),
                            strand));
  return call.env().Undefined();
}

Napi::Value ToNative(Napi::Env env, const KeyBound& bound) {
  if (const auto* number = std::get_if<int64_t>(&bound)) return Napi::BigInt::New(env, *number);
  return TextOf(env, std::get<std::string>(bound));
}

Napi::Value ToNative(Napi::Env env, const std::optional<KeyRange>& range) {
  if (!range.has_value()) return env.Null();
  Napi::Object native = Napi::Object::New(env);
  native.Set("min", ToNative(env, range->min));
  native.Set("max", ToNative(env, range->max));
  return native;
}

Napi::Value ToNative(Napi::Env env, const std::vector<uint8_t>& bytes) {
  Napi::Uint8Array native = Napi::Uint8Array::New(env, bytes.size());
  if (!native.IsEmpty() && !bytes.empty()) std::memcpy(native.Data(), bytes.data(), bytes.size());
  return native;
}

}  // namespace

CallResult BloomNew(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const BloomKind kind, ReadKind(call[0]));
  ARROW_ASSIGN_OR_RAISE(const auto capacity, Read<int64_t>(call[1], "capacity"));
  ARROW_ASSIGN_OR_RAISE(const auto false_positive, Read<double>(call[2], "falsePositive"));
  ARROW_ASSIGN_OR_RAISE(auto filter, BloomFilter::Make(kind, capacity, false_positive));
  return MakeHandle(call.env(), std::make_shared<OpenBloom>(std::move(filter)));
}

CallResult BloomOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto native, Read<Napi::Object>(call[0], "bloom"));
  packed::BloomParts parts;
  ARROW_ASSIGN_OR_RAISE(parts.kind, ReadKind(native.Get("kind")));
  ARROW_ASSIGN_OR_RAISE(parts.k, ReadCount(native, "k"));
  ARROW_ASSIGN_OR_RAISE(parts.bits, ReadCount(native, "bits"));
  const Napi::Value bytes = native.Get("bytes");
  if (!bytes.IsTypedArray() || bytes.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return Unexpected("a Uint8Array", "bytes", bytes);
  }
  const auto view = bytes.As<Napi::Uint8Array>();
  if (view.ByteLength() > 0) parts.bytes.assign(view.Data(), view.Data() + view.ByteLength());
  ARROW_ASSIGN_OR_RAISE(auto filter, BloomFilter::FromParts(parts));
  return MakeHandle(call.env(), std::make_shared<OpenBloom>(std::move(filter)));
}

CallResult BloomAdd(const Call& call) {
  auto run = [](PendingKeys& pending) -> arrow::Result<std::optional<KeyRange>> {
    ARROW_ASSIGN_OR_RAISE(const auto keys, pending.Take());
    const std::unique_lock lock(pending.share->mutex);
    return pending.share->filter->Add(*keys);
  };
  return StartOverKeys(call, run, [](Napi::Env env, const std::optional<KeyRange>& range) {
    return ToNative(env, range);
  });
}

CallResult BloomTest(const Call& call) {
  auto run = [](PendingKeys& pending) -> arrow::Result<std::vector<uint8_t>> {
    ARROW_ASSIGN_OR_RAISE(const auto keys, pending.Take());
    const std::shared_lock lock(pending.share->mutex);
    return pending.share->filter->Test(*keys);
  };
  return StartOverKeys(call, run, [](Napi::Env env, const std::vector<uint8_t>& found) {
    return ToNative(env, found);
  });
}

CallResult BloomParts(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto share, FromHandle<OpenBloom>(call[0]));
  const std::shared_lock lock(share->mutex);
  ARROW_ASSIGN_OR_RAISE(const packed::BloomParts parts, share->filter->ToParts());
  Napi::Object native = Napi::Object::New(call.env());
  native.Set("kind", parts.kind == BloomKind::kBasic ? "basic" : "blocked");
  native.Set("k", static_cast<double>(parts.k));
  native.Set("bits", static_cast<double>(parts.bits));
  native.Set("bytes", ToNative(call.env(), parts.bytes));
  return native;
}

}  // namespace packed::binding
