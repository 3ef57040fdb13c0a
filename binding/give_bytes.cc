#include "give_bytes.h"

#include "buffer_placer.h"
#include "external_memory.h"
#include "values.h"

namespace packed::binding {

CallResult GiveBytes(Environment& environment, const std::shared_ptr<arrow::Buffer>& bytes) {
  Napi::ArrayBuffer array_buffer;
  if (bytes->size() < kLendBytes ||
      ExternalMemory::Wrap(environment, bytes, bytes->data(), bytes->size(), Counted::kNo,
                           &array_buffer) == nullptr) {
    return CopyBytes(environment, *bytes);
  }
  return Napi::Uint8Array::New(environment.env(), static_cast<size_t>(bytes->size()), array_buffer,
                               0);
}

CallResult CopyBytes(Environment& environment, const arrow::Buffer& bytes) {
  const Napi::ArrayBuffer copy = CopyOf(environment.env(), bytes.data(), bytes.size());
  if (copy.IsEmpty()) return copy;
  return Napi::Uint8Array::New(environment.env(), static_cast<size_t>(bytes.size()), copy, 0);
}

}  // namespace packed::binding
