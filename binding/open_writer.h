#pragma once

#include <memory>
#include <utility>

#include "handles.h"
#include "packed/cancel.h"
#include "packed/executor.h"
#include "packed/writer.h"
#include "strand.h"

namespace packed::binding {

/// \brief A writer and the queue of its operations; what a WriterHandle stands for.
///
/// Shared by the JavaScript handle and by every queued operation: dropping the handle in the
/// middle of a write ends the writer after that write. The last share may be dropped on the JS
/// thread, by a finalizer; removing files is left to the pool.
struct OpenWriter {
  OpenWriter(std::unique_ptr<PackedWriter> opened, CancelToken token)
      : writer(std::move(opened)), cancel(std::move(token)) {}
  ~OpenWriter() {
    Executor::Shared().Spawn(
        [dropped = std::shared_ptr<PackedWriter>(std::move(writer))] { dropped->Abort(); });
  }

  std::unique_ptr<PackedWriter> writer;
  const CancelToken cancel;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
};

using WriterShare = std::shared_ptr<OpenWriter>;

template <>
struct HandleKind<OpenWriter> {
  static constexpr const char* kName = "writer";
  static constexpr napi_type_tag kTag{0x4b7e21f09c3d4d58, 0xa1f6c30d52e8b794};
};

}  // namespace packed::binding
