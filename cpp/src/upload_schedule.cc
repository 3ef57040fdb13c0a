#include "upload_schedule.h"

#include <algorithm>

namespace packed {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
constexpr int64_t kLargestObject = int64_t{5} << 40;
constexpr int kEqualParts = 1000;
constexpr int kStageParts = 100;
constexpr int64_t kStages = (PartSchedule::kMostParts - kEqualParts) / kStageParts;
/// Steps in the lengths of all parts together: stage k has k of them in every part.
constexpr int64_t kAllSteps = kStageParts * kStages * (kStages + 1) / 2;

int64_t StepBytes(int64_t first_bytes) {
  const int64_t equal = PartSchedule::kMostParts * std::min(first_bytes, kLargestObject);
  const int64_t missing = std::max<int64_t>(0, kLargestObject - equal);
  const int64_t step = (missing + kAllSteps - 1) / kAllSteps;
  return (step + kMiB - 1) / kMiB * kMiB;
}

}  // namespace

PartSchedule::PartSchedule(int64_t first_bytes)
    : first_bytes_(first_bytes), step_bytes_(StepBytes(first_bytes)) {}

int64_t PartSchedule::PartBytes(int number) const {
  const int64_t stage = number <= kEqualParts ? 0 : (number - kEqualParts - 1) / kStageParts + 1;
  return first_bytes_ + stage * step_bytes_;
}

}  // namespace packed
