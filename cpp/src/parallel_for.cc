#include <algorithm>
#include <memory>

#include "packed/executor.h"
#include "parallel_loop.h"

namespace packed {

int ThreadsFor(int concurrency) {
  return concurrency > 0 ? concurrency : Executor::Shared().thread_count();
}

arrow::Status ParallelFor(int count, int concurrency,
                          const std::function<arrow::Status(int)>& task) {
  if (count <= 0) return arrow::Status::OK();
  const auto loop = std::make_shared<ParallelLoop>(count, task);
  ParallelLoop::Spawn(loop, std::min(ThreadsFor(concurrency), count) - 1);
  loop->Run();
  return loop->Wait();
}

}  // namespace packed
