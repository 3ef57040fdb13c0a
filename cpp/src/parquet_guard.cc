#include "parquet_guard.h"

#include <exception>
#include <new>

#include "parquet/encryption/encryption.h"
#include "parquet/exception.h"

#include "packed/error.h"

namespace packed {
namespace {

ErrorCode FallbackCode(const arrow::Status& status) {
  if (status.IsOutOfMemory()) return ErrorCode::kOutOfMemory;
  if (status.IsNotImplemented()) return ErrorCode::kNotSupported;
  return ErrorCode::kFileCorrupted;
}

}  // namespace

arrow::Status GuardRead(const std::string& path, const std::function<arrow::Status()>& read) {
  arrow::Status status;
  try {
    status = read();
  } catch (const parquet::ParquetStatusException& error) {
    status = error.status();
  } catch (const parquet::HiddenColumnException& error) {
    status = MakeError(ErrorCode::kEncryption,
                       std::string("Expected a key for every encrypted column but received none "
                                   "for one of them: ") +
                           error.what());
  } catch (const std::bad_alloc&) {
    status = arrow::Status::OutOfMemory("Expected memory for reading but the allocation failed");
  } catch (const std::exception& error) {
    status = arrow::Status::IOError(error.what());
  }
  if (status.ok()) return status;
  return WithContext(status, FallbackCode(status), {path, ""});
}

}  // namespace packed
