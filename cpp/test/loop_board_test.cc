#include "loop_board.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <thread>

#include "arrow/status.h"

namespace packed {
namespace {

using arrow::Status;

constexpr std::chrono::seconds kPatience{20};

/// Tasks that end only once two threads run them.
class Pair {
 public:
  Status Meet() {
    ++here_;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (here_ < 2) {
      if (std::chrono::steady_clock::now() > deadline) return Status::Invalid("nobody came");
      std::this_thread::yield();
    }
    return Status::OK();
  }

 private:
  std::atomic<int> here_{0};
};

Status RunShown(LoopBoard* board, const std::function<Status(int)>& task, int count) {
  const auto loop = std::make_shared<ParallelLoop>(count, task);
  board->Show(loop);
  loop->Run();
  const Status status = loop->Wait();
  board->Show(nullptr);
  return status;
}

TEST(LoopBoard, WhoWaitsTakesPartInEveryLoop) {
  LoopBoard board;
  std::thread helper([&] { board.HelpUntilEnded(); });
  for (int i = 0; i < 3; ++i) {
    Pair pair;
    const Status status = RunShown(&board, [&](int) { return pair.Meet(); }, 2);
    EXPECT_TRUE(status.ok()) << i << ": " << status;
  }
  EXPECT_FALSE(board.ended());
  board.End();
  helper.join();
  EXPECT_TRUE(board.ended());
}

TEST(LoopBoard, NobodyWaitsForWorkThatHasEnded) {
  LoopBoard board;
  const std::function<Status(int)> task = [](int) { return Status::OK(); };
  EXPECT_TRUE(RunShown(&board, task, 5).ok());
  board.End();
  board.HelpUntilEnded();
  board.Wait();
}

TEST(LoopBoard, TheEndWakesThoseThatWait) {
  LoopBoard board;
  std::latch ready(2);
  std::thread helper([&] {
    ready.count_down();
    board.HelpUntilEnded();
  });
  std::thread waiter([&] {
    ready.count_down();
    board.Wait();
  });
  ready.wait();
  board.End();
  helper.join();
  waiter.join();
}

}  // namespace
}  // namespace packed
