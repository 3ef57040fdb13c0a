#pragma once

#include <string>

#include "arrow/result.h"

#include "packed/storage.h"

namespace packed {

/// The clients that Arrow has for object stores.
enum class RemoteKind { kS3, kAzure, kGcs };

/// \brief Where a store answers, read out of a StorageConfig.
struct RemoteAddress {
  RemoteKind kind = RemoteKind::kS3;
  std::string scheme;  ///< http | https
  std::string host;    ///< with its port; "" = the provider's own
  std::string bucket;
  std::string name;  ///< `host/bucket`, for people
};

/// \brief kInvalidArgument, with the name of the setting, where there is no such place.
arrow::Result<RemoteAddress> ParseRemoteAddress(const StorageConfig& config);

/// \brief The key of `path` below `root`, neither with a '/' in front.
///
/// Arrow's clients take neither empty parts nor '.' and '..': kInvalidArgument.
arrow::Result<std::string> RemoteKey(const std::string& root, const std::string& path);

}  // namespace packed
