#include "key_options.h"

#include <cstdint>
#include <utility>

#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

/// Not by Read: its errors quote strings, and a key may come as one.
arrow::Result<std::string> ReadBytes(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsEmpty() || !value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != napi_uint8_array) {
    return MakeError(ErrorCode::kInvalidArgument, std::string("Expected a Uint8Array for ") + name +
                                                      " but received another value");
  }
  const auto bytes = value.As<Napi::Uint8Array>();
  return std::string(reinterpret_cast<const char*>(bytes.Data()), bytes.ByteLength());
}

arrow::Result<arrow::util::SecureString> ReadKey(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(std::string key, ReadBytes(object, "key"));
  return arrow::util::SecureString(std::move(key));
}

arrow::Result<EncryptionAlgorithm> ReadAlgorithm(Napi::Object object) {
  ARROW_ASSIGN_OR_RAISE(const auto name, ReadMember<std::string>(object, "algorithm"));
  if (name == "AES_GCM_V1") return EncryptionAlgorithm::kAesGcmV1;
  if (name == "AES_GCM_CTR_V1") return EncryptionAlgorithm::kAesGcmCtrV1;
  return Unexpected("'AES_GCM_V1' or 'AES_GCM_CTR_V1'", "algorithm", object.Get("algorithm"));
}

}  // namespace

arrow::Result<Encryption> ReadEncryption(Napi::Object encryption) {
  Encryption options;
  ARROW_ASSIGN_OR_RAISE(options.key, ReadKey(encryption));
  ARROW_ASSIGN_OR_RAISE(options.metadata, ReadBytes(encryption, "keyMetadata"));
  ARROW_ASSIGN_OR_RAISE(options.algorithm, ReadAlgorithm(encryption));
  return options;
}

arrow::Result<KeyRing> ReadKeys(Napi::Array keys) {
  KeyRing ring;
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const Napi::HandleScope scope(keys.Env());
    ARROW_ASSIGN_OR_RAISE(const auto entry, Read<Napi::Object>(keys.Get(i), "keys"));
    ARROW_ASSIGN_OR_RAISE(std::string metadata, ReadBytes(entry, "keyMetadata"));
    ARROW_ASSIGN_OR_RAISE(ring[std::move(metadata)], ReadKey(entry));
  }
  return ring;
}

}  // namespace packed::binding
