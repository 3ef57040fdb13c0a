#include "bloom_size.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "packed/error.h"

namespace packed {
namespace {

using arrow::Result;
using std::numbers::ln2;

/// 2 GiB.
constexpr double kMaxBits = static_cast<double>(uint64_t{1} << 34);

/// Bits per key of a blocked filter by the bits per key of a basic one with the same false
/// positives: table I of Putze, Sanders and Singler, "Cache-, Hash- and Space-Efficient Bloom
/// Filters", continued down to 0. Beyond its end three times as many bits have to do.
constexpr std::array<uint8_t, 35> kBlockedBitsPerKey{1,  1,  2,  4,  5,  6,  7,  8,  9,  10, 11, 12,
                                                     13, 14, 16, 17, 18, 20, 21, 23, 25, 26, 28, 30,
                                                     32, 35, 38, 40, 44, 48, 51, 58, 64, 74, 90};

double Log(int64_t number) { return std::log(static_cast<double>(number)); }

double LogFactorial(int64_t n) {
  double sum = 0;
  for (int64_t i = 2; i <= n; ++i) sum += Log(i);
  return sum;
}

/// False positives of a blocked filter: those of a block of i keys, over the Poisson
/// distribution of i (equation 3 of the same paper).
double BlockedFalsePositives(double bits_per_key, double k) {
  constexpr double kNegligible = 1e-9;
  const double mean = kBlockBits / bits_per_key;
  const double log_mean = std::log(mean);
  const auto middle = static_cast<int64_t>(std::ceil(mean));
  const auto share = [k](double log_probability, int64_t keys) {
    const double unset = -std::exp(-k * static_cast<double>(keys) / kBlockBits);
    return std::exp(log_probability + k * std::log1p(unset));
  };
  const double log_middle = static_cast<double>(middle) * log_mean - mean - LogFactorial(middle);
  double sum = share(log_middle, middle);

  double log_probability = log_middle;
  for (int64_t keys = middle - 1; keys > 0; --keys) {
    log_probability += Log(keys + 1) - log_mean;
    const double added = share(log_probability, keys);
    sum += added;
    if (added < sum * kNegligible) break;
  }
  log_probability = log_middle;
  for (int64_t keys = middle + 1;; ++keys) {
    log_probability += log_mean - Log(keys);
    const double added = share(log_probability, keys);
    sum += added;
    if (added < sum * kNegligible) break;
  }
  return sum;
}

/// The worse of the two roundings: a slip of the library that every Milvus file carries on.
double RoundedHashes(double bits_per_key) {
  const double exact = bits_per_key * ln2;
  const double floor = std::floor(exact);
  const double ceil = std::ceil(exact);
  if (floor < 1) return ceil;
  const bool floor_is_better =
      BlockedFalsePositives(bits_per_key, floor) < BlockedFalsePositives(bits_per_key, ceil);
  return floor_is_better ? ceil : floor;
}

BloomSize SizeBlocked(double keys, double false_positive) {
  const double basic = std::ceil(-std::log2(false_positive) / ln2);
  const double per_key = basic < kBlockedBitsPerKey.size()
                             ? kBlockedBitsPerKey[static_cast<size_t>(basic)]
                             : 3 * basic;
  const double bits = std::ceil(per_key * keys / kBlockBits) * kBlockBits;
  if (bits > kMaxBits) return {};
  return {static_cast<uint64_t>(bits),
          std::max<uint64_t>(2, static_cast<uint64_t>(RoundedHashes(bits / keys)))};
}

BloomSize SizeBasic(double keys, double false_positive) {
  const double bits = std::ceil(-1 * keys * std::log(false_positive) / std::pow(ln2, 2));
  if (bits > kMaxBits) return {};
  const double k = std::ceil(ln2 * bits / keys);
  return {std::max<uint64_t>(1, static_cast<uint64_t>(bits)),
          std::max<uint64_t>(1, static_cast<uint64_t>(k))};
}

}  // namespace

Result<BloomSize> SizeBloom(BloomKind kind, int64_t capacity, double false_positive) {
  if (capacity < 1) {
    return MakeError(
        ErrorCode::kInvalidArgument,
        "Expected a capacity of at least 1 key but received " + std::to_string(capacity));
  }
  if (!(false_positive > 0 && false_positive < 1)) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a rate of false positives between 0 and 1 but received " +
                         std::to_string(false_positive));
  }
  const auto keys = static_cast<double>(capacity);
  const BloomSize size = kind == BloomKind::kBlocked ? SizeBlocked(keys, false_positive)
                                                     : SizeBasic(keys, false_positive);
  if (size.bits == 0 || size.k > kMaxHashes) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a filter of at most 2 GiB and " + std::to_string(kMaxHashes) +
                         " hash functions but received a capacity of " + std::to_string(capacity) +
                         " keys with false positives of " + std::to_string(false_positive));
  }
  return size;
}

}  // namespace packed
