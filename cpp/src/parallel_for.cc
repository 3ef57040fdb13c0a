#include <algorithm>
#include <memory>

#include "packed/executor.h"
#include "parallel_loop.h"

namespace packed {

arrow::Status ParallelFor(int count, int concurrency,
                          const std::function<arrow::Status(int)>& task) {
  if (count <= 0) return arrow::Status::OK();
  const auto loop = std::make_shared<ParallelLoop>(count, task);
  const int threads = concurrency > 0 ? concurrency : Executor::Shared().thread_count();
  ParallelLoop::Spawn(loop, std::min(threads, count) - 1);
  loop->Run();
  return loop->Wait();
}

}  // namespace packed
