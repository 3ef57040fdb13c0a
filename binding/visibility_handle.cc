#include "call.h"
#include "packed/error.h"

namespace packed::binding {

CallResult VisibilityNew(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "VisibilityNew is not built yet");
}

CallResult VisibilityAdd(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "VisibilityAdd is not built yet");
}

CallResult VisibilityStats(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "VisibilityStats is not built yet");
}

}  // namespace packed::binding
