#pragma once

#include <map>
#include <optional>
#include <string>

#include "arrow/result.h"
#include "arrow/util/secure_string.h"

#include "packed/storage.h"

namespace packed {

enum class EncryptionAlgorithm { kAesGcmV1, kAesGcmCtrV1 };

/// Parquet modular encryption with one footer key for footer and columns. Crypto objects are
/// made anew for every file: they count blocks and must not be shared.
struct Encryption {
  arrow::util::SecureString key;  ///< 16, 24 or 32 bytes
  /// At least one byte; stored in the clear in the tail of every file, finds the key again.
  std::string metadata;
  EncryptionAlgorithm algorithm = EncryptionAlgorithm::kAesGcmV1;
};

/// Keys by their key metadata; the empty metadata is that of files which name no key.
using KeyRing = std::map<std::string, arrow::util::SecureString>;

/// \brief The key metadata in the tail of a file; empty optional for one whose footer is not
/// encrypted. Needs no key.
arrow::Result<std::optional<std::string>> ReadKeyMetadata(FileStore& store,
                                                          const std::string& path);

}  // namespace packed
