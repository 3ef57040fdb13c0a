#include "write_order.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>

namespace packed {
namespace {

/// Writing a byte to a new file that the page cache takes, in copies.
constexpr int64_t kWriteCost = 4;

int64_t WritingOf(const WriteTasks& file) {
  int64_t cost = 0;
  for (const auto& task : file) cost += task.output_bytes * kWriteCost;
  return cost;
}

int64_t EncodingOf(const WriteTasks& file) {
  int64_t cost = 0;
  for (const auto& task : file) cost += task.cost;
  return cost;
}

/// To the cost of every task, that of writing what it makes and all that comes after it.
void CountWhatFollows(WriteTasks* file) {
  int64_t writing = 0;
  for (auto task = file->rbegin(); task != file->rend(); ++task) {
    writing += task->output_bytes * kWriteCost;
    task->cost += writing;
  }
}

/// Nothing of a row group is written before all of the one before it: the short last page of that
/// one would come last, and everything behind it be written by one thread while others wait.
void PutRowGroupsInOrder(WriteTasks* file) {
  int64_t of_later = 0;
  int64_t of_this = 0;
  for (auto task = file->rbegin(); task != file->rend(); ++task) {
    if (task->ends_row_group) of_later = std::max(of_later, std::exchange(of_this, 0));
    task->cost = std::max(task->cost, of_later);
    of_this = std::max(of_this, task->cost);
  }
}

}  // namespace

WriteTasks InOrderOfUrgency(std::vector<WriteTasks> files, int threads) {
  int64_t all = 0;
  for (const auto& file : files) all += WritingOf(file) + EncodingOf(file);
  WriteTasks tasks;
  for (auto& file : files) {
    if (WritingOf(file) * threads > all) CountWhatFollows(&file);
    PutRowGroupsInOrder(&file);
    std::move(file.begin(), file.end(), std::back_inserter(tasks));
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const auto& a, const auto& b) { return a.cost > b.cost; });
  return tasks;
}

}  // namespace packed
