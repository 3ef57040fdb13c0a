#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/buffer.h"

#include "call.h"
#include "codec_values.h"
#include "give_bytes.h"
#include "lend_bytes.h"
#include "operation.h"
#include "packed/codec.h"
#include "packed/memory.h"
#include "values.h"

namespace packed::binding {

CallResult CodecDictionaryOpen(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const ByteView bytes, ReadBytes(call[0], "bytes"));
  ARROW_ASSIGN_OR_RAISE(auto dictionary, CodecDictionary::Open(bytes));
  Napi::Object native = Napi::Object::New(call.env());
  native.Set("id", static_cast<double>(dictionary->id()));
  native.Set("dictionary", MakeHandle(call.env(), std::move(dictionary)));
  return native;
}

/// The samples are copied at the call: the trainer wants them one after the other anyway.
CallResult CodecDictionaryTrain(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const auto views, Read<Napi::Array>(call[0], "samples"));
  ARROW_ASSIGN_OR_RAISE(const auto dictionary_bytes, Read<int64_t>(call[1], "dictBytes"));
  std::vector<size_t> sizes;
  int64_t total = 0;
  for (uint32_t i = 0; i < views.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(const ByteView sample, ReadBytes(views.Get(i), "samples"));
    sizes.push_back(sample.size());
    total += static_cast<int64_t>(sample.size());
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> samples,
                        arrow::AllocateBuffer(total, Pool()));
  uint8_t* out = samples->mutable_data();
  for (uint32_t i = 0; i < views.Length(); ++i) {
    const Napi::HandleScope scope(call.env());
    ARROW_ASSIGN_OR_RAISE(const ByteView sample, ReadBytes(views.Get(i), "samples"));
    if (sample.empty()) continue;
    std::memcpy(out, sample.data(), sample.size());
    out += sample.size();
  }
  auto execute = [samples = std::move(samples), sizes = std::move(sizes), dictionary_bytes] {
    const ByteView all(samples->data(), samples->size());
    return CodecDictionary::Train(all, sizes, dictionary_bytes);
  };
  ARROW_RETURN_NOT_OK(Start(call.environment(), call[2],
                            MakeOperation(CancelToken(), std::move(execute), GiveBytes)));
  return call.env().Undefined();
}

}  // namespace packed::binding
