#include "packed/cancel.h"

#include "packed/error.h"

namespace packed {

arrow::Status CancelToken::Check() const {
  if (!cancelled()) return arrow::Status::OK();
  return MakeError(ErrorCode::kAborted, "The operation was aborted");
}

}  // namespace packed
