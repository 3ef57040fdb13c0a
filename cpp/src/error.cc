#include "packed/error.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "arrow/util/io_util.h"

namespace packed {
namespace {

constexpr const char* kDetailTypeId = "packed::ErrorDetail";

class ErrorDetail : public arrow::StatusDetail {
 public:
  ErrorDetail(ErrorCode code, ErrorContext context) : code_(code), context_(std::move(context)) {}

  const char* type_id() const override { return kDetailTypeId; }
  std::string ToString() const override { return std::string(LookupError(code_).name); }

  ErrorCode code() const { return code_; }
  const ErrorContext& context() const { return context_; }

 private:
  ErrorCode code_;
  ErrorContext context_;
};

/// Compares type ids by content: the addon and libpacked.so in one process have two copies of
/// this class, and both are laid out alike.
const ErrorDetail* DetailOf(const arrow::Status& status) {
  const auto& detail = status.detail();
  if (detail == nullptr || std::string_view(detail->type_id()) != kDetailTypeId) return nullptr;
  return static_cast<const ErrorDetail*>(detail.get());
}

arrow::StatusCode StatusCodeOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kTypeMismatch:
    case ErrorCode::kUnsupportedType:
      return arrow::StatusCode::TypeError;
    case ErrorCode::kNotSupported:
      return arrow::StatusCode::NotImplemented;
    case ErrorCode::kAlreadyExists:
      return arrow::StatusCode::AlreadyExists;
    case ErrorCode::kNotFound:
    case ErrorCode::kPermissionDenied:
    case ErrorCode::kNoSpace:
    case ErrorCode::kStorageIO:
    case ErrorCode::kMetadataCorrupted:
    case ErrorCode::kFileCorrupted:
    case ErrorCode::kFileChanged:
      return arrow::StatusCode::IOError;
    case ErrorCode::kAborted:
      return arrow::StatusCode::Cancelled;
    case ErrorCode::kOutOfMemory:
      return arrow::StatusCode::OutOfMemory;
    case ErrorCode::kOk:
    case ErrorCode::kInternal:
      return arrow::StatusCode::UnknownError;
    default:
      return arrow::StatusCode::Invalid;
  }
}

ErrorCode CodeOfErrno(int errnum) {
  switch (errnum) {
    case ENOENT:
      return ErrorCode::kNotFound;
    case EEXIST:
      return ErrorCode::kAlreadyExists;
    case EACCES:
    case EPERM:
    case EROFS:
      return ErrorCode::kPermissionDenied;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
      return ErrorCode::kNoSpace;
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
      return ErrorCode::kInvalidArgument;
    case ENOMEM:
      return ErrorCode::kOutOfMemory;
    default:
      return ErrorCode::kStorageIO;
  }
}

ErrorCode CodeOfStatusCode(arrow::StatusCode code) {
  switch (code) {
    case arrow::StatusCode::OK:
      return ErrorCode::kOk;
    case arrow::StatusCode::OutOfMemory:
      return ErrorCode::kOutOfMemory;
    case arrow::StatusCode::Cancelled:
      return ErrorCode::kAborted;
    case arrow::StatusCode::IOError:
      return ErrorCode::kStorageIO;
    case arrow::StatusCode::NotImplemented:
      return ErrorCode::kNotSupported;
    case arrow::StatusCode::TypeError:
      return ErrorCode::kTypeMismatch;
    case arrow::StatusCode::KeyError:
      return ErrorCode::kNotFound;
    case arrow::StatusCode::AlreadyExists:
      return ErrorCode::kAlreadyExists;
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::CapacityError:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::SerializationError:
      return ErrorCode::kInvalidData;
    default:
      return ErrorCode::kInternal;
  }
}

/// The code that a status without our detail has by itself; nothing where only the caller
/// can know (a plain IOError of Parquet may be a corrupt file as well as a bad disk).
std::optional<ErrorCode> IntrinsicCode(const arrow::Status& status) {
  if (int errnum = arrow::internal::ErrnoFromStatus(status)) return CodeOfErrno(errnum);
  if (status.IsOutOfMemory()) return ErrorCode::kOutOfMemory;
  if (status.IsCancelled()) return ErrorCode::kAborted;
  return std::nullopt;
}

/// Arrow keeps the operating system's words in the detail, beside the message.
std::string MessageOf(const arrow::Status& status) {
  int errnum = DetailOf(status) ? 0 : arrow::internal::ErrnoFromStatus(status);
  if (errnum == 0) return status.message();
  return status.message() + ": " + arrow::internal::ErrnoMessage(errnum);
}

bool IsWordByte(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

/// Whether `word` stands in `text` as a word of its own: "id" is not in "invalid".
bool Mentions(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    size_t end = at + word.size();
    bool starts = at == 0 || !IsWordByte(text[at - 1]) || !IsWordByte(word.front());
    bool ends = end == text.size() || !IsWordByte(text[end]) || !IsWordByte(word.back());
    if (starts && ends) return true;
  }
  return false;
}

void Mention(std::string_view kind, std::string_view name, std::string* message) {
  if (name.empty() || Mentions(*message, name)) return;
  message->append(" (").append(kind).append(" '").append(name).append("')");
}

}  // namespace

arrow::Status MakeError(ErrorCode code, std::string message, ErrorContext context) {
  if (code == ErrorCode::kOk) code = ErrorCode::kInternal;
  Mention("field", context.field, &message);
  Mention("path", context.path, &message);
  return arrow::Status(StatusCodeOf(code), std::move(message),
                       std::make_shared<ErrorDetail>(code, std::move(context)));
}

arrow::Status WithContext(const arrow::Status& status, ErrorCode fallback, ErrorContext context) {
  if (status.ok()) return status;
  if (const ErrorDetail* detail = DetailOf(status)) {
    ErrorContext merged = detail->context();
    if (merged.path.empty()) merged.path = std::move(context.path);
    if (merged.field.empty()) merged.field = std::move(context.field);
    return MakeError(detail->code(), status.message(), std::move(merged));
  }
  ErrorCode own = fallback == ErrorCode::kOk ? CodeOfStatusCode(status.code()) : fallback;
  return MakeError(IntrinsicCode(status).value_or(own), MessageOf(status), std::move(context));
}

ErrorInfo DescribeError(const arrow::Status& status) {
  if (status.ok()) return {ErrorCode::kOk, "", {}};
  if (const ErrorDetail* detail = DetailOf(status)) {
    return {detail->code(), status.message(), detail->context()};
  }
  ErrorCode code = IntrinsicCode(status).value_or(CodeOfStatusCode(status.code()));
  return {code, MessageOf(status), {}};
}

const ErrorCodeEntry& LookupError(ErrorCode code) {
  auto entry = std::find_if(kErrorCodes.begin(), kErrorCodes.end(),
                            [code](const ErrorCodeEntry& e) { return e.code == code; });
  return entry == kErrorCodes.end() ? kErrorCodes[static_cast<size_t>(ErrorCode::kInternal)]
                                    : *entry;
}

}  // namespace packed
