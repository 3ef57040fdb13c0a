#pragma once

#include <functional>
#include <string>

#include "arrow/status.h"

namespace packed {

/// \brief Run `read`, which may throw as Parquet does, and return what went wrong as a status
/// that names `path`.
///
/// Damage that Parquet finds, in ciphertext too, is kFileCorrupted; a column without a key is
/// kEncryption; an operating-system error, a failed allocation
/// and a feature that Parquet does not have keep their own codes.
arrow::Status GuardRead(const std::string& path, const std::function<arrow::Status()>& read);

}  // namespace packed
