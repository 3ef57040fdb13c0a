#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "arrow/result.h"
#include "arrow/status.h"
#include "parquet/encryption/encryption.h"

#include "packed/encryption.h"
#include "packed/storage.h"

namespace packed {

/// \brief Refuse keys that AES cannot take and metadata that finds no key. Messages have the
/// length of a key, never the key.
arrow::Status CheckEncryption(const Encryption& encryption);

/// \brief What encrypts one file; to be made anew for every file. Checked before.
std::shared_ptr<parquet::FileEncryptionProperties> MakeEncryptionProperties(
    const Encryption& encryption);

/// \brief What decrypts one file whose footer names `key_metadata`; to be made anew for every
/// file. kEncryption when the ring has no such key, kInvalidArgument when AES cannot take it.
arrow::Result<std::shared_ptr<parquet::FileDecryptionProperties>> MakeDecryptionProperties(
    const std::string& key_metadata, const KeyRing& keys, const std::string& path);

/// What the end of a file says about its footer.
struct FooterTail {
  /// The length field plus 8 for itself and the magic. The footer of an encrypted file is the
  /// crypto metadata and the ciphertext, whatever the plain footer would take.
  int64_t footer_bytes = 0;
  std::optional<std::string> key_metadata;  ///< of an encrypted footer; may be empty
};

/// \brief Read the end of a file, without a key.
///
/// Throws as Parquet does. An end that makes no sense is left for Parquet to refuse.
arrow::Result<FooterTail> ReadFooterTail(const ReadableFile& file);

}  // namespace packed
