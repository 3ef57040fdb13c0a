#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "call.h"
#include "environment.h"
#include "handles.h"
#include "packed/batch_source.h"
#include "packed/cancel.h"
#include "packed/executor.h"
#include "packed/filter.h"
#include "packed/reader.h"
#include "strand.h"

namespace packed::binding {

/// \brief A source of batches and the queue of its operations; what a ReaderHandle stands for.
///
/// The last share may be dropped on the JS thread, by a finalizer; closing a source waits for its
/// read-ahead and is left to the pool.
struct OpenReader {
  OpenReader(std::unique_ptr<BatchSource> opened, std::shared_ptr<const FilterMeter> counts,
             CancelToken token)
      : source(std::move(opened)), meter(std::move(counts)), cancel(std::move(token)) {}
  ~OpenReader() {
    cancel.Cancel();
    Executor::Shared().Spawn(
        [dropped = std::shared_ptr<BatchSource>(std::move(source))] { dropped->Close(); });
  }

  std::unique_ptr<BatchSource> source;
  const std::shared_ptr<const FilterMeter> meter;
  const CancelToken cancel;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
  /// Taken for every call of `source`: streams that were exported call it beside the strand.
  std::mutex reading;
};

template <>
struct HandleKind<OpenReader> {
  static constexpr const char* kName = "reader";
  static constexpr napi_type_tag kTag{0xe0952db13f684c77, 0x86a4f1c92d7035be};
};

/// A reader that was just opened, on its way to the JS thread.
struct OpenedReader {
  std::shared_ptr<OpenReader> reader;
  int64_t rows = 0;
  std::vector<FileInfo> files;
};

/// \brief The NativeOpenedReader. JS thread.
CallResult SettleOpened(Environment& environment, OpenedReader opened);

}  // namespace packed::binding
