#include "remote_executor.h"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "io_pool.h"

namespace packed {
namespace {

class IoExecutor : public arrow::internal::Executor {
 public:
  explicit IoExecutor(int capacity) : capacity_(capacity) {}

  int GetCapacity() override { return capacity_; }

 protected:
  arrow::Status SpawnReal(arrow::internal::TaskHints, arrow::internal::FnOnce<void()> task,
                          arrow::StopToken, StopCallback&&) override {
    // std::function wants to be copied, what Arrow hands over can only be moved.
    auto shared = std::make_shared<arrow::internal::FnOnce<void()>>(std::move(task));
    IoPool::Shared().Spawn([shared] { std::move (*shared)(); });
    return arrow::Status::OK();
  }

 private:
  const int capacity_;
};

}  // namespace

arrow::internal::Executor* RemoteExecutor(int capacity) {
  // Leaked: clients that are never destroyed point to them.
  static std::mutex mutex;
  static auto* executors = new std::map<int, std::unique_ptr<IoExecutor>>();
  std::lock_guard lock(mutex);
  auto& executor = (*executors)[std::max(capacity, 1)];
  if (executor == nullptr) executor = std::make_unique<IoExecutor>(std::max(capacity, 1));
  return executor.get();
}

}  // namespace packed
