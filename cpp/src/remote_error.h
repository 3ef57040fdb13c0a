#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "arrow/status.h"

#include "packed/error.h"

namespace packed {

/// What a failed request of an object store means.
struct RemoteFailure {
  ErrorCode code = ErrorCode::kStorageIO;
  bool retry = false;           ///< the same request may succeed later
  bool bucket_missing = false;  ///< it is the bucket that is not there
};

/// \brief Read the class of a failure out of the words of Arrow's S3, Azure and Google clients,
/// which keep nothing else of the store's answer.
RemoteFailure ClassifyRemoteText(std::string_view text);

/// \brief As ClassifyRemoteText; a status that has a code of ours, or one by nature, keeps it.
RemoteFailure ClassifyRemoteStatus(const arrow::Status& status);

/// \brief `text` without any of the secrets, and without what a store tells of signatures.
std::string WithoutSecrets(std::string text, const std::vector<std::string>& secrets);

}  // namespace packed
