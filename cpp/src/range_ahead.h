#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "arrow/io/interfaces.h"

#include "packed/cancel.h"
#include "projection.h"

namespace packed {

/// \brief Reads remote files ahead of those who decode them: planned ranges, as requests that
/// run on the IoPool, within a budget of bytes.
///
/// Files that are read one after the other share a lane, lanes are read side by side; the lane
/// that is behind goes first, and none is ever without a request. A range is dropped once every
/// byte of it was read or nobody decodes its row groups any more. None of that needs a thread of
/// the Executor. Thread-safe.
class RangeAhead {
 public:
  /// `budget_bytes` bounds what is on its way, waits to be decoded or is not given back by the
  /// decoders yet, beyond one request per lane.
  RangeAhead(int64_t budget_bytes, CancelToken cancel);
  ~RangeAhead();
  RangeAhead(const RangeAhead&) = delete;
  RangeAhead& operator=(const RangeAhead&) = delete;

  /// \brief Read row groups (ascending) of `file` behind what the lane has already. Nothing is
  /// requested before somebody reads.
  void Add(int lane, std::shared_ptr<const FileProjection> file, std::vector<int> row_groups);

  /// \brief The file for the decoder of one row group; dropping it says that nothing of the row
  /// group is wanted any more.
  ///
  /// A read waits for the requests that it needs, and makes one where nothing was planned. It
  /// fails as they do, with kAborted soon after the cancel token was raised, and with kClosed
  /// after Close.
  std::shared_ptr<arrow::io::RandomAccessFile> Source(
      const std::shared_ptr<const FileProjection>& file, int row_group);

  /// \brief Call `then` when reading the row group would wait for nothing that is planned: at
  /// once or on a thread of the IoPool; never after Close.
  void WhenHere(const FileProjection& file, int row_group, std::function<void()> then);

  /// \brief Drop everything and wake whoever waits. Requests that are on their way are left
  /// alone and not waited for. Idempotent.
  void Close() noexcept;

 private:
  class State;
  class SourceFile;
  std::shared_ptr<State> state_;  // shared with the requests on their way
};

}  // namespace packed
