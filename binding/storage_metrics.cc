#include "call.h"

namespace packed::binding {

CallResult StorageMetricsOf(const Call& call) { return Napi::Array::New(call.env()); }

}  // namespace packed::binding
