#include "call.h"
#include "packed/error.h"

namespace packed::binding {

CallResult ReadKeyMetadata(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "ReadKeyMetadata is not built yet");
}

}  // namespace packed::binding
