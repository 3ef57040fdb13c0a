#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "arrow/config.h"

#include "call.h"
#include "external_memory.h"
#include "handle_kinds.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "packed/memory.h"
#include "packed/storage.h"
#include "schema_bridge.h"
#include "values.h"

namespace packed::binding {

CallResult Version(const Call& call) {
  Napi::Object version = Napi::Object::New(call.env());
  version.Set("arrow", arrow::GetBuildInfo().version_string);
  version.Set("napi", NAPI_VERSION);
  version.Set("threads", Executor::Shared().thread_count());
  return version;
}

CallResult ErrorCodes(const Call& call) {
  const Napi::Env env = call.env();
  return ArrayOf(env, kErrorCodes, [env](const ErrorCodeEntry& entry) {
    Napi::Object code = Napi::Object::New(env);
    code.Set("value", static_cast<int32_t>(entry.code));
    code.Set("name", std::string(entry.name));
    code.Set("retryable", entry.retryable);
    return code;
  });
}

CallResult MemoryUsage(const Call& call) {
  const Environment& environment = call.environment();
  Napi::Object usage = Napi::Object::New(call.env());
  usage.Set("poolBytes", static_cast<double>(Pool()->bytes_allocated()));
  usage.Set("poolPeakBytes", static_cast<double>(Pool()->max_memory()));
  usage.Set("lentBytes", static_cast<double>(environment.lent_bytes.load()));
  usage.Set("borrowedBytes", static_cast<double>(environment.borrowed_bytes.load()));
  usage.Set("pending", static_cast<double>(environment.pending()));
  return usage;
}

/// Zeroed, as every ArrayBuffer is. JavaScript's own memory where external buffers are forbidden.
CallResult Allocate(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const int64_t bytes, Read<int64_t>(call[0], "bytes"));
  if (bytes < 0) return Unexpected("a number of bytes", "allocate", call[0]);
  if (bytes > 0 && call.environment().external_buffers_allowed()) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> memory,
                          arrow::AllocateBuffer(bytes, Pool()));
    std::memset(memory->mutable_data(), 0, static_cast<size_t>(bytes));
    const uint8_t* data = memory->data();
    Napi::ArrayBuffer array_buffer;
    if (ExternalMemory::Wrap(call.environment(), std::move(memory), data, bytes, Counted::kNo,
                             &array_buffer) != nullptr) {
      return array_buffer;
    }
  }
  return Napi::ArrayBuffer::New(call.env(), static_cast<size_t>(bytes));
}

CallResult ImportSchema(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(Napi::Object native, Read<Napi::Object>(call[0], "schema"));
  ARROW_ASSIGN_OR_RAISE(auto schema, FromNativeSchema(native));
  return MakeHandle(call.env(), std::move(schema));
}

CallResult Shutdown(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const bool whole_process, Read<bool>(call[0], "wholeProcess"));
  // Before the environment waits for its operations, which may wait for the network.
  if (whole_process) StopRemoteCalls();
  call.environment().Stop();
  if (whole_process) Executor::Shared().Stop();
  return call.env().Undefined();
}

CallResult NewCancel(const Call& call) {
  return MakeHandle(call.env(), std::make_shared<CancelToken>());
}

CallResult Cancel(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto token, FromHandle<CancelToken>(call[0]));
  token->Cancel();
  call.environment().uploads().InterruptCancelled();
  return call.env().Undefined();
}

}  // namespace packed::binding
