#include "codec_values.h"

#include "handle_kinds.h"
#include "values.h"

namespace packed::binding {

arrow::Result<ByteCodec> ReadCodecAt(Napi::Value handle, Napi::Value level) {
  ARROW_ASSIGN_OR_RAISE(const auto shared, FromHandle<ByteCodec>(handle));
  ByteCodec codec = *shared;
  codec.level.reset();
  if (!level.IsNull()) {
    ARROW_ASSIGN_OR_RAISE(codec.level, Read<int32_t>(level, "level"));
  }
  return codec;
}

}  // namespace packed::binding
