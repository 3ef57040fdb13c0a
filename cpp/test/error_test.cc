#include "packed/error.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <set>
#include <stdexcept>

#include "arrow/util/io_util.h"

#include "catch.h"
#include "packed/cancel.h"

namespace packed {
namespace {

using arrow::Status;

TEST(Error, TableIsDenseAndNamesAreUnique) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kErrorCodes.size(); ++i) {
    EXPECT_EQ(static_cast<size_t>(kErrorCodes[i].code), i);
    names.insert(kErrorCodes[i].name);
    EXPECT_EQ(&LookupError(kErrorCodes[i].code), &kErrorCodes[i]);
  }
  EXPECT_EQ(names.size(), kErrorCodes.size());
  // NOLINTBEGIN(clang-analyzer-optin.core.EnumCastOutOfRange): numbers out of the table, on purpose
  EXPECT_EQ(LookupError(static_cast<ErrorCode>(99)).name, "Internal");
  EXPECT_EQ(LookupError(static_cast<ErrorCode>(-1)).name, "Internal");
  // NOLINTEND(clang-analyzer-optin.core.EnumCastOutOfRange)
}

TEST(Error, EveryCodeComesBackAsItWasMade) {
  for (const ErrorCodeEntry& entry : kErrorCodes) {
    if (entry.code == ErrorCode::kOk) continue;
    ErrorInfo info = DescribeError(MakeError(entry.code, "Expected a, b", {"p/q", "f"}));
    EXPECT_EQ(info.code, entry.code) << entry.name;
    EXPECT_EQ(info.message, "Expected a, b (field 'f') (path 'p/q')");
    EXPECT_EQ(info.context.path, "p/q");
    EXPECT_EQ(info.context.field, "f");
  }
  EXPECT_EQ(DescribeError(MakeError(ErrorCode::kOk, "x")).code, ErrorCode::kInternal);
  EXPECT_EQ(DescribeError(Status::OK()).code, ErrorCode::kOk);
}

TEST(Error, PathAndFieldStandInTheMessageOnce) {
  auto message = [](const std::string& text, ErrorContext context) {
    return DescribeError(MakeError(ErrorCode::kInvalidData, text, std::move(context))).message;
  };
  EXPECT_EQ(message("Expected x for field 'id'", {"", "id"}), "Expected x for field 'id'");
  EXPECT_EQ(message("A valid width", {"", "id"}), "A valid width (field 'id')");
  EXPECT_EQ(message("Could not open '/a/b'", {"/a/b", ""}), "Could not open '/a/b'");
  EXPECT_EQ(message("Could not open '/a/bc'", {"/a/b", ""}),
            "Could not open '/a/bc' (path '/a/b')");
  EXPECT_EQ(message("", {"", ""}), "");
}

TEST(Error, WithContextAddsOnlyWhatIsMissing) {
  Status inner = MakeError(ErrorCode::kTypeMismatch, "Wrong type", {"", "title"});
  ErrorInfo info = DescribeError(WithContext(inner, ErrorCode::kFileCorrupted, {"seg/0", "other"}));
  EXPECT_EQ(info.code, ErrorCode::kTypeMismatch);
  EXPECT_EQ(info.context.field, "title");
  EXPECT_EQ(info.context.path, "seg/0");
  EXPECT_EQ(info.message, "Wrong type (field 'title') (path 'seg/0')");
  EXPECT_TRUE(WithContext(Status::OK(), ErrorCode::kInternal, {"p", ""}).ok());
}

TEST(Error, WithContextTakesTheFallbackForForeignStatuses) {
  auto code = [](const Status& status) {
    return DescribeError(WithContext(status, ErrorCode::kFileCorrupted, {"p", ""})).code;
  };
  EXPECT_EQ(code(Status::IOError("short page")), ErrorCode::kFileCorrupted);
  EXPECT_EQ(code(Status::Invalid("bad")), ErrorCode::kFileCorrupted);
  EXPECT_EQ(code(Status::OutOfMemory("no")), ErrorCode::kOutOfMemory);
  EXPECT_EQ(code(Status::Cancelled("stop")), ErrorCode::kAborted);
  EXPECT_EQ(code(arrow::internal::IOErrorFromErrno(ENOENT, "open")), ErrorCode::kNotFound);
}

TEST(Error, ErrnoDecidesTheCode) {
  const std::pair<int, ErrorCode> cases[] = {
      {ENOENT, ErrorCode::kNotFound},         {EEXIST, ErrorCode::kAlreadyExists},
      {EACCES, ErrorCode::kPermissionDenied}, {EPERM, ErrorCode::kPermissionDenied},
      {EROFS, ErrorCode::kPermissionDenied},  {ENOSPC, ErrorCode::kNoSpace},
      {EDQUOT, ErrorCode::kNoSpace},          {EFBIG, ErrorCode::kNoSpace},
      {EISDIR, ErrorCode::kInvalidArgument},  {ENOMEM, ErrorCode::kOutOfMemory},
      {EIO, ErrorCode::kStorageIO},
  };
  for (auto [errnum, code] : cases) {
    ErrorInfo info = DescribeError(arrow::internal::IOErrorFromErrno(errnum, "Call failed"));
    EXPECT_EQ(info.code, code) << errnum;
    EXPECT_EQ(info.message, "Call failed: " + arrow::internal::ErrnoMessage(errnum));
  }
}

TEST(Error, StatusCodeDecidesWithoutErrno) {
  const std::pair<Status, ErrorCode> cases[] = {
      {Status::Invalid("m"), ErrorCode::kInvalidData},
      {Status::CapacityError("m"), ErrorCode::kInvalidData},
      {Status::IndexError("m"), ErrorCode::kInvalidData},
      {Status::TypeError("m"), ErrorCode::kTypeMismatch},
      {Status::KeyError("m"), ErrorCode::kNotFound},
      {Status::NotImplemented("m"), ErrorCode::kNotSupported},
      {Status::IOError("m"), ErrorCode::kStorageIO},
      {Status::Cancelled("m"), ErrorCode::kAborted},
      {Status::OutOfMemory("m"), ErrorCode::kOutOfMemory},
      {Status::AlreadyExists("m"), ErrorCode::kAlreadyExists},
      {Status::UnknownError("m"), ErrorCode::kInternal},
  };
  for (const auto& [status, code] : cases) {
    EXPECT_EQ(DescribeError(status).code, code) << status.ToString();
    EXPECT_EQ(DescribeError(status).message, "m");
  }
}

TEST(Error, CatchAllTurnsExceptionsIntoStatuses) {
  auto code = [](auto thrower) { return DescribeError(CatchAll(thrower)).code; };
  EXPECT_EQ(code([]() -> Status { throw std::bad_alloc(); }), ErrorCode::kOutOfMemory);
  EXPECT_EQ(code([]() -> Status { throw std::runtime_error("x"); }), ErrorCode::kInternal);
  EXPECT_EQ(code([]() -> Status { throw 7; }), ErrorCode::kInternal);
  EXPECT_EQ(code([]() -> Status {
              throw parquet::ParquetStatusException(MakeError(ErrorCode::kNoSpace, "full"));
            }),
            ErrorCode::kNoSpace);
  EXPECT_EQ(CatchAll([]() -> arrow::Result<int> { return 5; }).ValueOrDie(), 5);
}

TEST(Cancel, RaisedOnceSeenByEveryCopy) {
  CancelToken token;
  CancelToken copy = token;
  EXPECT_TRUE(copy.Check().ok());
  token.Cancel();
  token.Cancel();
  EXPECT_TRUE(copy.cancelled());
  EXPECT_EQ(DescribeError(copy.Check()).code, ErrorCode::kAborted);
}

}  // namespace
}  // namespace packed
