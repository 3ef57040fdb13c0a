#include "lending_credit.h"

#include <algorithm>
#include <utility>

namespace packed::binding {
namespace {

constexpr int64_t kMostCredit = int64_t{1} << 30;
/// A credit of which less than this part is used is halved.
constexpr int64_t kIdleDenominator = 16;

}  // namespace

int64_t LendingCredit::Renew(int64_t least) {
  const int64_t before = granted_;
  if (owed_ <= granted_ / 2) {
    granted_ = std::max(granted_, std::min(kMostCredit, std::max(least, 2 * granted_)));
  } else if (covered_ < granted_ / kIdleDenominator) {
    granted_ = std::max(least, granted_ / 2);
  }
  return std::exchange(owed_, 0) + granted_ - before;
}

int64_t LendingCredit::Cover(napi_env env, int64_t bytes, int64_t least) {
  if (least <= 0) return 0;
  const bool used_up = covered_ + owed_ + bytes > granted_;
  const int64_t report = used_up ? Renew(least) : 0;
  const int64_t taken = std::clamp<int64_t>(granted_ - covered_ - owed_, 0, bytes);
  covered_ += taken;
  int64_t sum = 0;
  napi_adjust_external_memory(env, report - taken, &sum);
  return taken;
}

bool LendingCredit::Quiet(int64_t lent, int64_t least) {
  if (lent == 0) return false;
  unlooked_ += lent;
  if (unlooked_ < least / 2) return true;
  unlooked_ = 0;
  return false;
}

void LendingCredit::Restore(int64_t covered) {
  covered_ -= covered;
  owed_ += covered;
}

}  // namespace packed::binding
