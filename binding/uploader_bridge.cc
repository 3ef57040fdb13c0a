#include "call.h"
#include "packed/error.h"

namespace packed::binding {

CallResult UploadSettle(const Call& call) {
  return MakeError(ErrorCode::kNotSupported, "uploadSettle is not built yet");
}

}  // namespace packed::binding
