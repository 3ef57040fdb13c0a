#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "held_bytes.h"
#include "projection.h"

namespace packed {

/// One request of a schedule and what came of it.
struct RangeBlock {
  enum class Phase {
    kPlanned,
    kRunning,
    kHere,  ///< with its bytes, or with the failure
    kGone,  ///< everybody has had it
  };
  /// Called when as many blocks as it waits for are here.
  struct Waiter {
    size_t missing = 0;
    std::function<void()> then;
  };

  std::shared_ptr<ReadableFile> file;
  int64_t offset = 0;
  int64_t bytes = 0;
  int lane = 0;
  int64_t first_row = 0;  ///< within the lane
  int64_t unread = 0;     ///< bytes that are still to be read of it
  size_t row_groups = 0;  ///< that are still to be decoded
  Phase phase = Phase::kPlanned;
  std::unique_ptr<HeldBytes::Share> share;  ///< of the request that is running
  arrow::Result<std::shared_ptr<arrow::Buffer>> content{nullptr};
  std::vector<std::shared_ptr<Waiter>> waiters;

  int64_t end() const { return offset + bytes; }
  bool awaited() const { return phase == Phase::kPlanned || phase == Phase::kRunning; }
};

using RangeBlocks = std::vector<std::shared_ptr<RangeBlock>>;

/// \brief Which ranges of which files are asked for next, and which are no longer wanted; what
/// RangeAhead does on threads. Not thread-safe.
class RangeSchedule {
 public:
  /// At most `budget_bytes` are on their way or here, beyond one request per lane. A block counts
  /// until its memory is given back, which is when the decoder of its last page has done with it.
  explicit RangeSchedule(int64_t budget_bytes);

  /// \brief Read row groups (ascending) of `file` behind what the lane has already.
  void Add(int lane, std::shared_ptr<const FileProjection> file, std::vector<int> row_groups);

  /// \brief The blocks that hold every one of the bytes; none where no plan has them all.
  RangeBlocks Cover(const FileProjection& file, int64_t position, int64_t bytes);
  /// \brief The blocks of one row group that are not here yet.
  RangeBlocks Awaited(const FileProjection& file, int row_group);

  /// Somebody needs a block that is planned, whatever the budget: from now on it is running.
  void Begin(RangeBlock* block);
  /// \brief The blocks that are running from now on since the budget has room for them.
  RangeBlocks BeginAhead();
  /// \brief A running block has ended: who waited for it alone. Nothing more is asked for ahead
  /// of those who need it after a failure.
  std::vector<std::function<void()>> End(RangeBlock* block,
                                         arrow::Result<std::shared_ptr<arrow::Buffer>> content);

  /// \brief Count bytes that were put together out of blocks as those are.
  std::shared_ptr<arrow::Buffer> Hold(std::shared_ptr<arrow::Buffer> content) const;

  /// \brief Bytes of a block that is here were read and are not asked for again.
  void Consume(RangeBlock* block, int64_t bytes);
  /// \brief Nothing of the row group is wanted any more.
  void Finish(const FileProjection& file, int row_group);

 private:
  struct File {
    std::shared_ptr<const FileProjection> projection;
    int lane = 0;
    std::vector<int> row_groups;
    bool planned = false;
    RangeBlocks by_offset;
    std::map<int, RangeBlocks> by_row_group;
  };
  struct Lane {
    std::deque<std::shared_ptr<File>> files;          ///< not planned yet
    std::deque<std::shared_ptr<RangeBlock>> planned;  ///< the first may be running already
    int64_t rows = 0;                                 ///< of the files that are planned
    int held = 0;                                     ///< blocks that are running or here
  };

  File* Find(const FileProjection& file);
  void Plan(int lane);
  RangeBlock* Next(int lane);
  void Drop(RangeBlock* block);

  const int64_t budget_bytes_;
  const int64_t request_bytes_;
  std::vector<Lane> lanes_;
  std::map<const FileProjection*, std::shared_ptr<File>> files_;
  const HeldBytes held_;
  int running_ = 0;
  bool failed_ = false;
};

}  // namespace packed
