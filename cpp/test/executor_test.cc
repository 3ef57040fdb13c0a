#include "packed/executor.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "arrow/buffer.h"

#include "cpu_count.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "temp_dir.h"

namespace packed {
namespace {

using arrow::Status;
using std::chrono::milliseconds;

TEST(Executor, RunsSpawnedTasksOnItsOwnThreads) {
  Executor& executor = Executor::Shared();
  EXPECT_EQ(&executor, &Executor::Shared());
  EXPECT_GE(executor.thread_count(), 1);
  std::promise<std::thread::id> ran;
  executor.Spawn([&] { ran.set_value(std::this_thread::get_id()); });
  EXPECT_NE(ran.get_future().get(), std::this_thread::get_id());
}

TEST(Executor, ThreadsThatWaitGiveTheirPlaceAway) {
  Executor& executor = Executor::Shared();
  const int count = 2 * executor.thread_count() + 1;
  std::promise<void> answer;
  const auto answered = answer.get_future().share();
  std::vector<std::future<void>> ended;
  for (int i = 0; i < count; ++i) {
    auto end = std::make_shared<std::promise<void>>();
    ended.push_back(end->get_future());
    executor.Spawn([answered, end] {
      {
        const Executor::Waiting waiting;
        answered.wait();
      }
      end->set_value();
    });
  }
  std::promise<void> ran;
  executor.Spawn([&] { ran.set_value(); });
  ASSERT_EQ(ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  answer.set_value();
  for (auto& end : ended) end.wait();

  std::atomic<int> running{0};
  std::atomic<int> most{0};
  const Status status = ParallelFor(count * 10, count, [&](int) {
    const int now = ++running;
    int seen = most;
    while (seen < now && !most.compare_exchange_weak(seen, now)) {
    }
    std::this_thread::sleep_for(milliseconds(1));
    --running;
    return Status::OK();
  });
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_LE(most, executor.thread_count() + 1);  // this thread takes part
}

TEST(ExecutorDeathTest, ExitWaitsForWhatRunsAndStartsNothing) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        const int threads = Executor::Shared().thread_count();
        std::atomic<int> running{0};
        for (int i = 0; i < threads; ++i) {
          Executor::Shared().Spawn([&, i] {
            ++running;
            std::this_thread::sleep_for(milliseconds(100));
            if (i == 0) std::fprintf(stderr, "ended");
          });
        }
        while (running < threads) std::this_thread::yield();
        for (int i = 0; i < 100; ++i) Executor::Shared().Spawn([] { std::_Exit(1); });
        std::exit(7);
      },
      ::testing::ExitedWithCode(7), "ended");
}

TEST(ExecutorDeathTest, ForkedChildHasThreadsOfItsOwn) {
  ::testing::FLAGS_gtest_death_test_style = "fast";
  std::atomic<int> ran{0};
  Executor::Shared().Spawn([&] { ++ran; });
  while (ran < 1) std::this_thread::yield();
  EXPECT_EXIT(
      {
        Executor::Shared().Spawn([&] { ++ran; });
        while (ran < 2) std::this_thread::yield();
        std::_Exit(7);
      },
      ::testing::ExitedWithCode(7), "");
}

TEST(ParallelFor, RunsEveryIndexOnce) {
  for (int count : {0, 1, 2, 7, 1000}) {
    for (int concurrency : {0, 1, 3, 64}) {
      std::vector<std::atomic<int>> runs(count);
      ASSERT_TRUE(ParallelFor(count, concurrency, [&](int i) {
                    ++runs[i];
                    return Status::OK();
                  }).ok());
      for (auto& times : runs) EXPECT_EQ(times, 1);
    }
  }
  EXPECT_TRUE(ParallelFor(-1, 0, [](int) { return Status::Invalid("never run"); }).ok());
}

TEST(ParallelFor, KeepsToTheConcurrency) {
  std::atomic<int> running{0}, most{0};
  ASSERT_TRUE(ParallelFor(40, 2, [&](int) {
                int now = ++running;
                for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
                }
                std::this_thread::sleep_for(milliseconds(1));
                --running;
                return Status::OK();
              }).ok());
  EXPECT_LE(most, 2);
}

TEST(ParallelFor, OneAtATimeStaysOnTheCallersThread) {
  std::set<std::thread::id> threads;
  ASSERT_TRUE(ParallelFor(20, 1, [&](int) {
                threads.insert(std::this_thread::get_id());
                return Status::OK();
              }).ok());
  EXPECT_EQ(threads, std::set{std::this_thread::get_id()});
}

TEST(ParallelFor, ReturnsTheFailureWithTheLowestIndex) {
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> ran{0};
    Status status = ParallelFor(200, 4, [&](int i) {
      ++ran;
      // The later failure comes first in time.
      if (i == 5) std::this_thread::sleep_for(milliseconds(1));
      if (i < 5) return Status::OK();
      return MakeError(ErrorCode::kInvalidData, std::to_string(i));
    });
    EXPECT_EQ(DescribeError(status).message, "5");
    EXPECT_LT(ran, 200);
  }
}

TEST(ParallelFor, TurnsExceptionsIntoStatuses) {
  Status status = ParallelFor(8, 0, [](int i) -> Status {
    if (i == 3) throw std::runtime_error("three");
    return Status::OK();
  });
  EXPECT_EQ(DescribeError(status).code, ErrorCode::kInternal);
  EXPECT_NE(status.message().find("three"), std::string::npos);
}

TEST(ParallelFor, NestedInEveryThreadOfThePoolEnds) {
  const int outer = 4 * Executor::Shared().thread_count();
  std::atomic<int> leaves{0};
  auto nested = std::async(std::launch::async, [&] {
    return ParallelFor(outer, 0, [&](int) {
      return ParallelFor(8, 0, [&](int) {
        return ParallelFor(4, 0, [&](int) {
          ++leaves;
          return Status::OK();
        });
      });
    });
  });
  ASSERT_EQ(nested.wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_TRUE(nested.get().ok());
  EXPECT_EQ(leaves, outer * 8 * 4);
}

TEST(ParallelFor, EndsWhileThePoolIsBusyWithOthers) {
  std::promise<void> gate;
  std::shared_future<void> open = gate.get_future().share();
  std::atomic<int> left{Executor::Shared().thread_count()};
  for (int i = left; i > 0; --i) {
    Executor::Shared().Spawn([open, &left] {
      open.wait();
      --left;
    });
  }
  int sum = 0;
  EXPECT_TRUE(ParallelFor(10, 0, [&](int i) {
                sum += i;
                return Status::OK();
              }).ok());
  EXPECT_EQ(sum, 45);
  gate.set_value();
  while (left > 0) std::this_thread::yield();
}

/// Lays out /proc and /sys of one control group below a directory.
class CgroupTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const std::string& text) {
    auto full = std::filesystem::path(root_ / path);
    std::filesystem::create_directories(full.parent_path());
    TempDir::Write(full.string(), text);
  }
  TempDir root_;
};

TEST_F(CgroupTest, NoFilesNoLimit) { EXPECT_FALSE(CgroupCoreLimit(root_.path())); }

TEST_F(CgroupTest, VersionTwoTakesTheTightestGroupOnThePath) {
  Put("proc/self/cgroup", "0::/pods/one\n");
  Put("sys/fs/cgroup/pods/one/cpu.max", "max 100000\n");
  EXPECT_FALSE(CgroupCoreLimit(root_.path()));
  Put("sys/fs/cgroup/pods/cpu.max", "350000 100000\n");
  EXPECT_EQ(CgroupCoreLimit(root_.path()), 4);
  Put("sys/fs/cgroup/pods/one/cpu.max", "50000 100000\n");
  EXPECT_EQ(CgroupCoreLimit(root_.path()), 1);
}

TEST_F(CgroupTest, VersionTwoInAContainerOfItsOwn) {
  Put("proc/self/cgroup", "0::/\n");
  Put("sys/fs/cgroup/cpu.max", "150000 100000\n");
  EXPECT_EQ(CgroupCoreLimit(root_.path()), 2);
}

TEST_F(CgroupTest, VersionOneQuota) {
  Put("proc/self/cgroup", "5:memory:/x\n4:cpu,cpuacct:/docker/abc\n");
  Put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
  EXPECT_FALSE(CgroupCoreLimit(root_.path()));
  Put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(CgroupCoreLimit(root_.path()), 3);
}

TEST_F(CgroupTest, VersionOneMountedByTheJoinedNameOnly) {
  Put("proc/self/cgroup", "4:cpu,cpuacct:/docker/abc\n");
  Put("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_period_us", "100000\n");
  Put("sys/fs/cgroup/cpu,cpuacct/docker/abc/cpu.cfs_quota_us", "150000\n");
  EXPECT_EQ(CgroupCoreLimit(root_.path()), 2);
  // By both names, the tighter one counts, though they are the same on a real machine.
  Put("sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  Put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000\n");
  EXPECT_EQ(CgroupCoreLimit(root_.path()), 1);
}

TEST(Pool, CountsBytesAndTheirPeak) {
  int64_t before = Pool()->bytes_allocated();
  {
    auto buffer = arrow::AllocateBuffer(1 << 20, Pool()).ValueOrDie();
    EXPECT_EQ(Pool()->bytes_allocated(), before + (1 << 20));
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
  EXPECT_GE(Pool()->max_memory(), before + (1 << 20));
}

}  // namespace
}  // namespace packed
