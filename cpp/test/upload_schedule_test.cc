#include "upload_schedule.h"

#include <gtest/gtest.h>

namespace packed {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kGiB = int64_t{1} << 30;

int64_t LargestObject(const PartSchedule& schedule) {
  int64_t bytes = 0;
  for (int number = 1; number <= PartSchedule::kMostParts; ++number) {
    bytes += schedule.PartBytes(number);
  }
  return bytes;
}

TEST(UploadSchedule, TenMiBGrowAfterAThousandParts) {
  const PartSchedule schedule(10 * kMiB);
  EXPECT_EQ(schedule.PartBytes(1), 10 * kMiB);
  EXPECT_EQ(schedule.PartBytes(1000), 10 * kMiB);
  EXPECT_EQ(schedule.PartBytes(1001), 23 * kMiB);
  EXPECT_EQ(schedule.PartBytes(1100), 23 * kMiB);
  EXPECT_EQ(schedule.PartBytes(1101), 36 * kMiB);
  EXPECT_EQ(schedule.PartBytes(10000), (10 + 90 * 13) * kMiB);
}

TEST(UploadSchedule, TenThousandPartsReachFiveTebibytes) {
  for (const int64_t first : {int64_t{1}, 5 * kMiB, 8 * kMiB, 10 * kMiB, 64 * kMiB, 524 * kMiB,
                              (int64_t{5} << 40) / 10000, 525 * kMiB, 5 * kGiB}) {
    const PartSchedule schedule(first);
    EXPECT_GE(LargestObject(schedule), int64_t{5} << 40) << first;
    for (int number = 2; number <= PartSchedule::kMostParts; ++number) {
      ASSERT_GE(schedule.PartBytes(number), schedule.PartBytes(number - 1)) << first;
    }
    EXPECT_LE(schedule.PartBytes(PartSchedule::kMostParts), 5 * kGiB) << first;
  }
}

TEST(UploadSchedule, PartsThatReachItAnywayStayEqual) {
  EXPECT_EQ(PartSchedule(525 * kMiB).PartBytes(10000), 525 * kMiB);
  EXPECT_EQ(PartSchedule(5 * kGiB).PartBytes(10000), 5 * kGiB);
  EXPECT_EQ(PartSchedule(int64_t{1} << 60).PartBytes(10000), int64_t{1} << 60);
}

}  // namespace
}  // namespace packed
