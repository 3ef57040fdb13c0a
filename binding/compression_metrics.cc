#include "packed/compression_metrics.h"

#include <vector>

#include "call.h"
#include "values.h"

namespace packed::binding {
namespace {

Napi::Object CountsOf(Napi::Env env, const CompressionCounts& counts) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("calls", static_cast<double>(counts.calls));
  object.Set("originalBytes", static_cast<double>(counts.original_bytes));
  object.Set("compressedBytes", static_cast<double>(counts.compressed_bytes));
  object.Set("nanoseconds", static_cast<double>(counts.nanoseconds));
  return object;
}

}  // namespace

CallResult CompressionMetricsOf(const Call& call) {
  const Napi::Env env = call.env();
  const std::vector<CompressionMetrics> snapshot = SnapshotCompressionMetrics();
  return ArrayOf(env, snapshot, [env](const CompressionMetrics& metrics) {
    Napi::Object object = Napi::Object::New(env);
    object.Set("source", metrics.source == CompressionSource::kPage ? "page" : "arrow");
    object.Set("codec", metrics.codec);
    object.Set("type", metrics.type);
    object.Set("compress", CountsOf(env, metrics.compress));
    object.Set("decompress", CountsOf(env, metrics.decompress));
    return object;
  });
}

}  // namespace packed::binding
