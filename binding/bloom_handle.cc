#include "call.h"
#include "packed/error.h"

namespace packed::binding {

CallResult BloomNew(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "BloomNew is not built yet");
}

CallResult BloomOpen(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "BloomOpen is not built yet");
}

CallResult BloomAdd(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "BloomAdd is not built yet");
}

CallResult BloomTest(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "BloomTest is not built yet");
}

CallResult BloomParts(const Call&) {
  return MakeError(ErrorCode::kNotSupported, "BloomParts is not built yet");
}

}  // namespace packed::binding
