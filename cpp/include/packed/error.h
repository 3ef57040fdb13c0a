#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "arrow/status.h"

namespace packed {

/// \brief What went wrong, in the vocabulary that every boundary shares.
///
/// The numbers are part of the C interface and never change their meaning; the
/// names are the `code` of a JavaScript PackedError. `kErrorCodes` below is the
/// only table: C, C++ and TypeScript all read it.
enum class ErrorCode : int32_t {
  kOk = 0,
  kInvalidArgument = 1,
  kInvalidSchema = 2,
  kInvalidData = 3,
  kTypeMismatch = 4,
  kUnsupportedType = 5,
  kNotSupported = 6,
  kNotFound = 7,
  kAlreadyExists = 8,
  kPermissionDenied = 9,
  kNoSpace = 10,
  kStorageIO = 11,
  kMetadataCorrupted = 12,
  kFileCorrupted = 13,
  kFileChanged = 14,
  kClosed = 15,
  kAborted = 16,
  kDetached = 17,
  kOutOfMemory = 18,
  kInternal = 19,
  kEncryption = 20,
  kTimeout = 21,
  kThrottled = 22,
  kNetwork = 23,
  kConflict = 24,
  kPreconditionFailed = 25,
  kRetriesExhausted = 26,
};

struct ErrorCodeEntry {
  ErrorCode code;
  std::string_view name;
  /// True when the same call may succeed later without the caller changing anything.
  bool retryable;
};

inline constexpr std::array<ErrorCodeEntry, 27> kErrorCodes{{
    {ErrorCode::kOk, "Ok", false},
    {ErrorCode::kInvalidArgument, "InvalidArgument", false},
    {ErrorCode::kInvalidSchema, "InvalidSchema", false},
    {ErrorCode::kInvalidData, "InvalidData", false},
    {ErrorCode::kTypeMismatch, "TypeMismatch", false},
    {ErrorCode::kUnsupportedType, "UnsupportedType", false},
    {ErrorCode::kNotSupported, "NotSupported", false},
    {ErrorCode::kNotFound, "NotFound", false},
    {ErrorCode::kAlreadyExists, "AlreadyExists", false},
    {ErrorCode::kPermissionDenied, "PermissionDenied", false},
    {ErrorCode::kNoSpace, "NoSpace", true},
    {ErrorCode::kStorageIO, "StorageIO", true},
    {ErrorCode::kMetadataCorrupted, "MetadataCorrupted", false},
    {ErrorCode::kFileCorrupted, "FileCorrupted", false},
    {ErrorCode::kFileChanged, "FileChanged", false},
    {ErrorCode::kClosed, "Closed", false},
    {ErrorCode::kAborted, "Aborted", false},
    {ErrorCode::kDetached, "Detached", false},
    {ErrorCode::kOutOfMemory, "OutOfMemory", true},
    {ErrorCode::kInternal, "Internal", false},
    {ErrorCode::kEncryption, "Encryption", false},
    {ErrorCode::kTimeout, "Timeout", true},
    {ErrorCode::kThrottled, "Throttled", true},
    {ErrorCode::kNetwork, "Network", true},
    {ErrorCode::kConflict, "Conflict", true},
    {ErrorCode::kPreconditionFailed, "PreconditionFailed", false},
    {ErrorCode::kRetriesExhausted, "RetriesExhausted", true},
}};

/// Where an error happened; empty members mean "not about a file / a field".
struct ErrorContext {
  std::string path;
  std::string field;
};

/// Everything a boundary needs to rebuild the error on its side.
struct ErrorInfo {
  ErrorCode code;
  std::string message;
  ErrorContext context;
};

/// \brief Make a status that carries `code` and `context` through Arrow's layers.
arrow::Status MakeError(ErrorCode code, std::string message, ErrorContext context = {});

/// \brief Add a path (and optionally a code) to a status that came from Arrow or Parquet.
///
/// A status that already carries our detail keeps its code and gains only what it lacks.
/// An operating-system error inside the status (errno detail) decides the code first:
/// ENOENT is kNotFound whatever `fallback` says.
arrow::Status WithContext(const arrow::Status& status, ErrorCode fallback, ErrorContext context);

/// \brief Read code, message, path and field back from any status.
///
/// Statuses without our detail are mapped by their errno, then by their arrow::StatusCode.
ErrorInfo DescribeError(const arrow::Status& status);

/// \brief Look a code up in `kErrorCodes`; unknown numbers give the entry of kInternal.
const ErrorCodeEntry& LookupError(ErrorCode code);

}  // namespace packed
