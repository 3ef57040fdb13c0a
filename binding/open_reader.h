#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "batch_export.h"
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
/// read-ahead, and the last of its batches may unmap its files: both are left to the pool.
struct OpenReader {
  OpenReader(std::unique_ptr<BatchSource> opened, std::shared_ptr<const FilterMeter> counts,
             CancelToken token)
      : source(std::move(opened)), meter(std::move(counts)), cancel(std::move(token)) {}
  ~OpenReader() {
    cancel.Cancel();
    auto batches = std::make_shared<std::deque<Prepared>>(std::move(prepared_));
    Executor::Shared().Spawn([dropped = std::shared_ptr<BatchSource>(std::move(source)), batches] {
      batches->clear();
      dropped->Close();
    });
  }

  /// \brief The next batch as JavaScript gets it, none at the end. Pool thread.
  arrow::Result<std::optional<OutgoingBatch>> Next();

  /// \brief The next batch if it is prepared. Waits for nobody: many small batches need no turn of
  /// the pool each. JS thread, while no Next is on its way.
  std::optional<OutgoingBatch> TakePrepared();

  /// Whether it is time to prepare more. JS thread.
  bool FewPrepared();

  /// \brief Lay batches out ahead of their calls, as many as are decoded, up to a few. Pool thread.
  void Prepare();

  /// \brief As BatchSource::ReadNext, but first what is prepared, for whoever shares the position.
  /// Any thread.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext();

  /// \brief Close the source and drop what is prepared. Waits for steps that run: pool thread.
  void Close();

  std::unique_ptr<BatchSource> source;
  const std::shared_ptr<const FilterMeter> meter;
  const CancelToken cancel;
  const std::shared_ptr<Strand> strand = std::make_shared<Strand>();
  /// Taken for every call of `source`: streams that were exported call it beside the strand.
  std::mutex reading;

 private:
  struct Prepared {
    std::shared_ptr<arrow::RecordBatch> batch;
    arrow::Result<std::optional<OutgoingBatch>> outgoing;
  };

  bool PrepareOne();
  std::optional<Prepared> Pop();

  std::mutex queue_;               ///< taken within `reading` or alone, never for long
  std::deque<Prepared> prepared_;  ///< what comes before the position of `source`; under queue_
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
