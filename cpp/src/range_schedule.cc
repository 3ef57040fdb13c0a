#include "range_schedule.h"

#include <algorithm>
#include <utility>

#include "catch.h"
#include "range_plan.h"

namespace packed {
namespace {

using Phase = RangeBlock::Phase;

/// Long enough that the way to the store costs little beside the bytes.
constexpr int64_t kMostRequestBytes = 8 << 20;
constexpr int64_t kLeastRequestBytes = 256 << 10;
/// Requests have to be on their way while the bytes of another one are decoded.
constexpr int64_t kRequestsPerBudget = 4;
/// Requests of one reader at a time, unless it has more lanes: stores throttle, and small ranges
/// would all be asked for at once.
constexpr int kMostRequests = 16;

}  // namespace

RangeSchedule::RangeSchedule(int64_t budget_bytes)
    : budget_bytes_(budget_bytes),
      request_bytes_(
          std::clamp(budget_bytes / kRequestsPerBudget, kLeastRequestBytes, kMostRequestBytes)) {}

void RangeSchedule::Add(int lane, std::shared_ptr<const FileProjection> file,
                        std::vector<int> row_groups) {
  if (lanes_.size() <= static_cast<size_t>(lane)) lanes_.resize(lane + 1);
  const FileProjection* name = file.get();
  auto added = std::make_shared<File>();
  *added = {std::move(file), lane, std::move(row_groups), false, {}, {}};
  lanes_[lane].files.push_back(added);
  files_[name] = std::move(added);
}

/// The file with its plan, which is made when somebody comes to need it.
RangeSchedule::File* RangeSchedule::Find(const FileProjection& file) {
  const auto found = files_.find(&file);
  if (found == files_.end()) return nullptr;
  while (!found->second->planned) Plan(found->second->lane);
  return found->second.get();
}

/// Plans the next file of the lane. What is wrong with its footer is said by those who decode,
/// when they come to it: what is not planned is read all the same.
void RangeSchedule::Plan(int number) {
  Lane& lane = lanes_[number];
  const std::shared_ptr<File> file = std::move(lane.files.front());
  lane.files.pop_front();
  file->planned = true;
  const auto planned = CatchAll([&]() -> arrow::Result<std::vector<PlannedRange>> {
                         return PlanRanges(*file->projection, file->row_groups, request_bytes_);
                       }).ValueOr(std::vector<PlannedRange>{});
  const auto& row_groups = file->projection->footer->info.row_groups;
  const int64_t skipped =
      file->row_groups.empty() ? 0 : row_groups[file->row_groups.front()].row_offset;
  for (const PlannedRange& range : planned) {
    auto block = std::make_shared<RangeBlock>();
    block->file = file->projection->footer->file;
    block->offset = range.offset;
    block->bytes = range.bytes;
    block->lane = number;
    block->first_row = lane.rows + range.first_row - skipped;
    block->unread = range.needed_bytes;
    block->row_groups = range.row_groups.size();
    for (const int row_group : range.row_groups) file->by_row_group[row_group].push_back(block);
    file->by_offset.push_back(block);
    lane.planned.push_back(std::move(block));
  }
  std::sort(file->by_offset.begin(), file->by_offset.end(),
            [](const auto& a, const auto& b) { return a->offset < b->offset; });
  if (file->row_groups.empty()) return;
  const RowGroupInfo& last = row_groups[file->row_groups.back()];
  lane.rows += last.row_offset + last.rows - skipped;
}

RangeBlocks RangeSchedule::Cover(const FileProjection& file, int64_t position, int64_t bytes) {
  const File* found = Find(file);
  if (found == nullptr) return {};
  const RangeBlocks& blocks = found->by_offset;
  auto block =
      std::upper_bound(blocks.begin(), blocks.end(), position,
                       [](int64_t offset, const auto& other) { return offset < other->offset; });
  if (block != blocks.begin()) --block;
  RangeBlocks covering;
  for (int64_t covered = position; covered < position + bytes; ++block) {
    const bool next = block != blocks.end() && (*block)->offset <= covered &&
                      (*block)->end() > covered && (*block)->phase != Phase::kGone;
    if (!next) return {};
    covered = (*block)->end();
    covering.push_back(*block);
  }
  return covering;
}

RangeBlocks RangeSchedule::Awaited(const FileProjection& file, int row_group) {
  File* found = Find(file);
  if (found == nullptr) return {};
  RangeBlocks awaited = found->by_row_group[row_group];
  std::erase_if(awaited, [](const auto& block) { return !block->awaited(); });
  return awaited;
}

void RangeSchedule::Begin(RangeBlock* block) {
  block->phase = Phase::kRunning;
  block->share = held_.Add(block->bytes);
  ++lanes_[block->lane].held;
  ++running_;
}

/// The next block of a lane that nobody has asked for; null at its end.
RangeBlock* RangeSchedule::Next(int number) {
  Lane& lane = lanes_[number];
  while (true) {
    while (!lane.planned.empty() && lane.planned.front()->phase != Phase::kPlanned) {
      lane.planned.pop_front();
    }
    if (!lane.planned.empty()) return lane.planned.front().get();
    if (lane.files.empty()) return nullptr;
    Plan(number);
  }
}

RangeBlocks RangeSchedule::BeginAhead() {
  RangeBlocks begun;
  while (!failed_) {
    RangeBlock* best = nullptr;
    bool idle = false;
    for (size_t i = 0; i < lanes_.size(); ++i) {
      RangeBlock* next = Next(static_cast<int>(i));
      if (next == nullptr) continue;
      const bool waits = lanes_[i].held == 0;
      // A lane without a request goes before all that have one, the one that is behind before
      // its likes.
      const bool better = best == nullptr || (waits && !idle) ||
                          (waits == idle && next->first_row < best->first_row);
      if (!better) continue;
      best = next;
      idle = waits;
    }
    if (best == nullptr) break;
    const bool room = running_ < kMostRequests && best->bytes <= budget_bytes_ - held_.sum();
    if (!idle && !room) break;
    begun.push_back(lanes_[best->lane].planned.front());
    Begin(best);
  }
  return begun;
}

std::vector<std::function<void()>> RangeSchedule::End(
    RangeBlock* block, arrow::Result<std::shared_ptr<arrow::Buffer>> content) {
  --running_;
  failed_ = failed_ || !content.ok();
  std::vector<std::function<void()>> calls;
  auto share = std::move(block->share);
  if (block->phase == Phase::kRunning) {
    block->phase = Phase::kHere;
    block->content = std::move(content);
    if (block->content.ok()) {
      block->content = HeldBytes::Attach(block->content.MoveValueUnsafe(), std::move(share));
    }
  }
  for (const auto& waiter : block->waiters) {
    if (--waiter->missing == 0) calls.push_back(std::move(waiter->then));
  }
  block->waiters.clear();
  return calls;
}

std::shared_ptr<arrow::Buffer> RangeSchedule::Hold(std::shared_ptr<arrow::Buffer> content) const {
  auto share = held_.Add(content->size());
  return HeldBytes::Attach(std::move(content), std::move(share));
}

void RangeSchedule::Consume(RangeBlock* block, int64_t bytes) {
  block->unread -= bytes;
  if (block->unread <= 0) Drop(block);
}

void RangeSchedule::Finish(const FileProjection& file, int row_group) {
  const auto found = files_.find(&file);
  if (found == files_.end()) return;
  const auto blocks = found->second->by_row_group.extract(row_group);
  if (blocks.empty()) return;
  for (const auto& block : blocks.mapped()) {
    if (--block->row_groups == 0) Drop(block.get());
  }
  if (found->second->by_row_group.empty()) files_.erase(found);
}

void RangeSchedule::Drop(RangeBlock* block) {
  if (block->phase == Phase::kRunning || block->phase == Phase::kHere) {
    --lanes_[block->lane].held;
  }
  block->phase = Phase::kGone;
  block->content = nullptr;
}

}  // namespace packed
