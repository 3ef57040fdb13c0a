#include "io_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>
#include <vector>

namespace packed {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// Runs one task and waits for it: true when the pool still has a thread for it.
bool RunsOne() {
  auto ran = std::make_shared<std::promise<void>>();
  auto done = ran->get_future();
  IoPool::Shared().Spawn([ran] { ran->set_value(); });
  return done.wait_for(seconds(30)) == std::future_status::ready;
}

TEST(IoPool, RunsTasksThatWaitForEachOther) {
  std::vector<std::promise<void>> gates(32);
  std::atomic<int> ended{0};
  for (size_t i = 0; i < gates.size(); ++i) {
    IoPool::Shared().Spawn([&, i] {
      if (i + 1 < gates.size()) gates[i + 1].get_future().wait();
      gates[i].set_value();
      ++ended;
    });
  }
  gates[0].get_future().wait();
  while (ended < 32) std::this_thread::yield();
  EXPECT_TRUE(IoPool::Shared().WaitUntilIdle(seconds(30)));
}

TEST(IoPool, AbandonedTasksLeaveTheirPlaceToOthers) {
  auto gate = std::make_shared<std::promise<void>>();
  std::shared_future<void> open = gate->get_future().share();
  std::promise<void> began;
  std::vector<std::shared_ptr<IoPool::Task>> stuck{IoPool::Shared().Spawn([open, &began] {
    began.set_value();
    open.wait();
  })};
  while (stuck.size() < 200) {
    stuck.push_back(IoPool::Shared().Spawn([open] { open.wait(); }));
  }
  began.get_future().wait();  // what has not begun is dropped when it is abandoned
  for (const auto& task : stuck) IoPool::Shared().Abandon(task);
  EXPECT_TRUE(RunsOne());
  EXPECT_FALSE(IoPool::Shared().WaitUntilIdle(milliseconds(1)));
  gate->set_value();
  EXPECT_TRUE(IoPool::Shared().WaitUntilIdle(seconds(30)));
  EXPECT_TRUE(RunsOne());
}

TEST(IoPool, AbandonedBeforeItBeganNeverRuns) {
  auto gate = std::make_shared<std::promise<void>>();
  std::shared_future<void> open = gate->get_future().share();
  for (int i = 0; i < 64; ++i) IoPool::Shared().Spawn([open] { open.wait(); });
  std::atomic<bool> ran{false};
  auto task = IoPool::Shared().Spawn([&] { ran = true; });
  IoPool::Shared().Abandon(task);
  IoPool::Shared().Abandon(task);
  gate->set_value();
  EXPECT_TRUE(RunsOne());
  EXPECT_TRUE(IoPool::Shared().WaitUntilIdle(seconds(30)));
  EXPECT_FALSE(ran);
}

TEST(IoPool, TasksMayWaitForTasksWhenEveryThreadHasOne) {
  std::atomic<int> ended{0};
  for (int i = 0; i < 100; ++i) {
    IoPool::Shared().Spawn([&] {
      auto inner = std::make_shared<std::promise<void>>();
      auto done = inner->get_future();
      IoPool::Shared().Spawn([inner] { inner->set_value(); });
      IoPool::Waiting waiting;
      done.wait();
      ++ended;
    });
  }
  ASSERT_TRUE(IoPool::Shared().WaitUntilIdle(seconds(30)));
  EXPECT_EQ(ended, 100);
}

TEST(IoPoolDeathTest, ExitWaitsForNothing) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        std::promise<void> began;
        IoPool::Shared().Spawn([&] {
          began.set_value();
          std::this_thread::sleep_for(std::chrono::hours(1));
        });
        began.get_future().wait();
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST(IoPoolDeathTest, ForkedChildHasThreadsOfItsOwn) {
  ::testing::FLAGS_gtest_death_test_style = "fast";
  ASSERT_TRUE(RunsOne());
  EXPECT_EXIT(std::_Exit(RunsOne() ? 7 : 1), ::testing::ExitedWithCode(7), "");
}

}  // namespace
}  // namespace packed
