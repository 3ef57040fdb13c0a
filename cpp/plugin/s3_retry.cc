#include "s3_retry.h"

#include <algorithm>
#include <random>
#include <string_view>

namespace packed {
namespace {

constexpr int64_t kFirstPauseMs = 100;
constexpr int64_t kLongestPauseMs = 5000;

/// The SDK does not know these names for what they are.
constexpr std::string_view kThrottling[] = {"SlowDown",
                                            "SlowDownRead",
                                            "SlowDownWrite",
                                            "XMinioServerNotInitialized",
                                            "TooManyRequests",
                                            "RequestLimitExceeded",
                                            "ThrottlingException",
                                            "Throttling",
                                            "ServiceUnavailable"};

/// A certificate that was refused once is refused for ever.
constexpr std::string_view kForGood[] = {"curlCode: 60", "curlCode: 77", "wrong version number"};

int64_t BoundAfter(int64_t retries) {
  return std::min(kLongestPauseMs, kFirstPauseMs << std::min<int64_t>(retries, 8));
}

class Never : public arrow::fs::S3RetryStrategy {
 public:
  bool ShouldRetry(const AWSErrorDetail&, int64_t) override { return false; }
  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail&, int64_t) override { return 0; }
};

class ForATime : public arrow::fs::S3RetryStrategy {
 public:
  explicit ForATime(int64_t timeout_ms) : timeout_ms_(timeout_ms) {}

  /// A strategy serves all requests at once and is told how often one was tried, not since when:
  /// the pauses so far, at their longest, stand for the time.
  bool ShouldRetry(const AWSErrorDetail& error, int64_t retries) override {
    int64_t pauses_ms = 0;
    for (int64_t i = 0; i <= retries && pauses_ms < timeout_ms_; ++i) pauses_ms += BoundAfter(i);
    if (pauses_ms >= timeout_ms_) return false;
    for (const std::string_view words : kForGood) {
      if (error.message.find(words) != std::string::npos) return false;
    }
    return error.should_retry || std::find(std::begin(kThrottling), std::end(kThrottling),
                                           error.exception_name) != std::end(kThrottling);
  }

  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail&, int64_t retries) override {
    thread_local std::minstd_rand random{std::random_device{}()};
    return std::uniform_int_distribution<int64_t>(0, BoundAfter(retries))(random);
  }

 private:
  const int64_t timeout_ms_;
};

}  // namespace

std::shared_ptr<arrow::fs::S3RetryStrategy> AskOnce() { return std::make_shared<Never>(); }

std::shared_ptr<arrow::fs::S3RetryStrategy> AskFor(int64_t timeout_ms) {
  return std::make_shared<ForATime>(timeout_ms);
}

}  // namespace packed
