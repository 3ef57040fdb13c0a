#include "packed/executor.h"

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "arrow/util/thread_pool.h"

#include "catch.h"
#include "cpu_count.h"

namespace packed {
namespace {

constexpr int kMaxThreads = 1024;

int ThreadCount() {
  if (const char* text = std::getenv("ARROW_PACKED_THREADS")) {
    int count = 0;
    const char* end = text + std::strlen(text);
    auto [stop, error] = std::from_chars(text, end, count);
    if (error == std::errc() && stop == end && count > 0 && count <= kMaxThreads) return count;
  }
  return AvailableCores();
}

}  // namespace

struct Executor::Impl {
  std::shared_ptr<arrow::internal::ThreadPool> pool;
  int threads;
};

Executor::Executor() : impl_(std::make_unique<Impl>()) {
  impl_->threads = ThreadCount();
  impl_->pool = arrow::internal::ThreadPool::MakeEternal(impl_->threads).ValueOrDie();
}

Executor& Executor::Shared() {
  static auto* executor = new Executor();
  return *executor;
}

int Executor::thread_count() const { return impl_->threads; }

void Executor::Spawn(std::function<void()> task) {
  arrow::Status spawned = CatchAll([&] { return impl_->pool->Spawn(task); });
  // The pool starts threads as they are needed; where the system refuses one, the work still
  // has to be done, and the caller's thread is the only one left.
  if (!spawned.ok()) task();
}

}  // namespace packed
