#pragma once

#include <memory>

#include "foreign_stream.h"
#include "handles.h"
#include "strand.h"

namespace packed::binding {

/// A stream of another library. Its calls block, so they are made on the pool, one at a time.
struct OpenStream {
  std::shared_ptr<ForeignStream> stream;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
  bool closed = false;  ///< JS thread only
};

template <>
struct HandleKind<OpenStream> {
  static constexpr const char* kName = "stream";
  static constexpr napi_type_tag kTag{0x2ac84f7b61d04e95, 0xbd13e6f8047c29a1};
};

}  // namespace packed::binding
