#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"

#include "packed/storage.h"

namespace packed {

enum class EncryptionAlgorithm { kAesGcmV1, kAesGcmCtrV1 };

/// Parquet modular encryption with one footer key for footer and columns. Crypto objects are
/// made anew for every file: they count blocks and must not be shared.
struct Encryption {
  std::string key;       ///< 16, 24 or 32 bytes
  std::string metadata;  ///< stored in the clear in the tail of every file; finds the key again
  EncryptionAlgorithm algorithm = EncryptionAlgorithm::kAesGcmV1;
};

/// Keys by their key metadata.
using KeyRing = std::map<std::string, std::string>;

/// \brief The key metadata in the tail of a file; empty optional for one that is not encrypted.
arrow::Result<std::optional<std::string>> ReadKeyMetadata(FileStore& store,
                                                          const std::string& path);

}  // namespace packed
