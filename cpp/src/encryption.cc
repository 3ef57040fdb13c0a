#include "encryption.h"

#include <cstring>
#include <string_view>
#include <utility>

#include "arrow/buffer.h"
#include "arrow/util/config.h"
#include "arrow/util/endian.h"
#include "arrow/util/string.h"
#include "arrow/util/ubsan.h"
#include "parquet/metadata.h"

#include "packed/error.h"
#include "parquet_guard.h"

namespace packed {
namespace {

using arrow::util::SecureString;

constexpr int64_t kTailBytes = 8;  // the footer's length and the magic
constexpr std::string_view kEncryptedFooterMagic = "PARE";
constexpr size_t kShownMetadataBytes = 64;

/// Key metadata is a name, or bytes of a key service.
std::string Show(const std::string& metadata) {
  std::string shown = metadata.substr(0, kShownMetadataBytes);
  for (const char c : shown) {
    if (c >= ' ' && c <= '~') continue;
    shown = "0x" + arrow::HexEncode(shown);
    break;
  }
  if (metadata.size() > kShownMetadataBytes) shown += "…";
  return "'" + shown + "'";
}

arrow::Status CheckBuild() {
#ifdef PARQUET_REQUIRE_ENCRYPTION
  return arrow::Status::OK();
#else
  return MakeError(ErrorCode::kNotSupported,
                   "Expected Parquet built with encryption but received one without");
#endif
}

arrow::Status CheckKey(const SecureString& key, const std::string& use, ErrorContext context) {
  if (key.size() == 16 || key.size() == 24 || key.size() == 32) return CheckBuild();
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected a key of 16, 24 or 32 bytes for " + use + " but received " +
                       std::to_string(key.size()) + " bytes",
                   std::move(context));
}

/// Keys of columns that have their own; the footer's is looked up before.
class RingRetriever final : public parquet::DecryptionKeyRetriever {
 public:
  explicit RingRetriever(KeyRing keys) : keys_(std::move(keys)) {}

  SecureString GetKey(const std::string& metadata) override {
    const auto found = keys_.find(metadata);
    if (found == keys_.end()) {
      throw parquet::KeyAccessDeniedException("no key for the key metadata " + Show(metadata));
    }
    return found->second;
  }

 private:
  const KeyRing keys_;
};

}  // namespace

arrow::Status CheckEncryption(const Encryption& encryption) {
  ARROW_RETURN_NOT_OK(CheckKey(encryption.key, "encryption", {}));
  if (!encryption.metadata.empty()) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected key metadata of at least one byte for encryption but received none");
}

std::shared_ptr<parquet::FileEncryptionProperties> MakeEncryptionProperties(
    const Encryption& encryption) {
  parquet::FileEncryptionProperties::Builder builder(encryption.key);
  builder.footer_key_metadata(encryption.metadata)
      ->algorithm(encryption.algorithm == EncryptionAlgorithm::kAesGcmV1
                      ? parquet::ParquetCipher::AES_GCM_V1
                      : parquet::ParquetCipher::AES_GCM_CTR_V1);
  return builder.build();
}

arrow::Result<std::shared_ptr<parquet::FileDecryptionProperties>> MakeDecryptionProperties(
    const std::string& key_metadata, const KeyRing& keys, const std::string& path) {
  const auto found = keys.find(key_metadata);
  if (found == keys.end()) {
    return MakeError(ErrorCode::kEncryption,
                     "Expected a key for the key metadata " + Show(key_metadata) + " of " + path +
                         " but received none",
                     {path, ""});
  }
  const std::string use = "the key metadata " + Show(key_metadata);
  ARROW_RETURN_NOT_OK(CheckKey(found->second, use, {path, ""}));
  parquet::FileDecryptionProperties::Builder builder;
  builder.footer_key(found->second)->key_retriever(std::make_shared<RingRetriever>(keys));
  return builder.build();
}

arrow::Result<FooterTail> ReadFooterTail(const ReadableFile& file) {
  FooterTail tail;
  if (file.size() < kTailBytes) return tail;
  ARROW_ASSIGN_OR_RAISE(const auto end, file.file()->ReadAt(file.size() - kTailBytes, kTailBytes));
  if (end->size() != kTailBytes) return tail;
  const auto stored = arrow::util::SafeLoadAs<uint32_t>(end->data());
  const int64_t length = arrow::bit_util::FromLittleEndian(stored);
  if (length > file.size() - kTailBytes) return tail;
  tail.footer_bytes = length + kTailBytes;
  const std::string_view magic = std::string_view(*end).substr(sizeof(stored));
  if (magic != kEncryptedFooterMagic) return tail;
  ARROW_ASSIGN_OR_RAISE(const auto footer,
                        file.file()->ReadAt(file.size() - kTailBytes - length, length));
#if ARROW_VERSION_MAJOR >= 26
  const int64_t length_in = footer->size();
  const auto parsed = parquet::FileCryptoMetaData::Make(footer->data(), length_in);
#else  // the length is in and out
  auto length_in = static_cast<uint32_t>(footer->size());
  const auto parsed = parquet::FileCryptoMetaData::Make(footer->data(), &length_in);
#endif
  tail.key_metadata = parsed->key_metadata();
  return tail;
}

arrow::Result<std::optional<std::string>> ReadKeyMetadata(FileStore& store,
                                                          const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, store.Open(path, {}));
  std::optional<std::string> metadata;
  ARROW_RETURN_NOT_OK(GuardRead(path, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(FooterTail tail, ReadFooterTail(*file));
    metadata = std::move(tail.key_metadata);
    return arrow::Status::OK();
  }));
  return metadata;
}

}  // namespace packed
