#include "call.h"
#include "packed/error.h"

namespace packed::binding {

CallResult PayloadEncode(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "PayloadEncode is not built yet");
}

CallResult PayloadOpen(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "PayloadOpen is not built yet");
}

}  // namespace packed::binding
