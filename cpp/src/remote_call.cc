#include "remote_call.h"

#include <algorithm>
#include <mutex>
#include <random>
#include <unordered_set>

#include "catch.h"
#include "io_timer.h"
#include "packed/error.h"
#include "packed/storage.h"
#include "remote_error.h"

namespace packed {
namespace {

using Clock = IoTimer::Clock;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause{100};
constexpr milliseconds kLongestPause{5000};
constexpr milliseconds kCancelTick{50};
/// Silence is what the clients underneath notice; a body that comes slower than this, in bytes in
/// a millisecond, is taken for one that has stopped.
constexpr int64_t kSlowestBytesPerMs = 256;

/// Up to a bound that doubles with every attempt; any value below it, so that those who failed
/// together do not come back together.
milliseconds PauseAfter(int attempts) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const auto bound =
      std::min(kLongestPause, kFirstPause * (int64_t{1} << std::min(attempts - 1, 8)));
  return milliseconds(std::uniform_int_distribution<int64_t>(0, bound.count())(random));
}

class Call;

/// The calls that nobody has an answer to yet. Leaked.
struct LiveCalls {
  std::mutex mutex;
  std::unordered_set<std::shared_ptr<Call>> calls;
  bool stopped = false;

  static LiveCalls& Get() {
    static auto* live = new LiveCalls();
    return *live;
  }
};

class Call : public std::enable_shared_from_this<Call> {
 public:
  Call(std::shared_ptr<const RemoteChannel> channel, RemoteRequest request, RemoteAttempt attempt,
       RemoteDone done)
      : channel_(std::move(channel)),
        request_(std::move(request)),
        attempt_(std::move(attempt)),
        done_(std::move(done)),
        deadline_(Clock::now() + channel_->retry_timeout) {}

  void Start() {
    {
      LiveCalls& live = LiveCalls::Get();
      std::unique_lock lock(live.mutex);
      if (live.stopped) {
        lock.unlock();
        return done_(Stopped());
      }
      live.calls.insert(shared_from_this());
    }
    ArmDeadline();
    Begin();
  }

  /// The process ends. Whoever waits goes on at once, on this thread.
  void Stop() {
    if (End()) done_(Stopped());
  }

 private:
  arrow::Status Stopped() const {
    return MakeError(ErrorCode::kAborted, "The process ends", {request_.path, ""});
  }

  /// Wakes at the deadline of the operation or, where it can be cancelled, ever so often before.
  void ArmDeadline() {
    auto wake = deadline_;
    if (request_.cancel) wake = std::min(wake, Clock::now() + kCancelTick);
    std::lock_guard lock(mutex_);
    if (settled_) return;
    deadline_timer_ =
        IoTimer::Shared().At(wake, [self = shared_from_this()] { self->OnDeadline(); });
  }

  void OnDeadline() {
    if (request_.cancel && request_.cancel->cancelled()) {
      return SettleElsewhere(request_.cancel->Check());
    }
    if (Clock::now() < deadline_) return ArmDeadline();
    SettleElsewhere(LastFailure());
  }

  void Begin() {
    int number = 0;
    {
      std::lock_guard lock(mutex_);
      if (settled_) return;
      number = ++number_;
    }
    auto task = IoPool::Shared().Spawn([self = shared_from_this(), number] { self->Run(number); });
    std::lock_guard lock(mutex_);
    if (!settled_ && number == number_) task_ = std::move(task);
  }

  /// One attempt, on a thread of the pool; its time begins when it does.
  void Run(int number) {
    const auto began = Clock::now();
    {
      std::lock_guard lock(mutex_);
      if (settled_ || number != number_) return;
      const auto time = !request_.retry ? channel_->retry_timeout
                                        : channel_->request_timeout +
                                              milliseconds(request_.bytes / kSlowestBytesPerMs);
      attempt_timer_ = IoTimer::Shared().At(
          began + time, [self = shared_from_this(), number] { self->OnCutOff(number); });
    }
    channel_->meter->Began();
    if (number > 1) channel_->meter->Retried();
    auto result = CatchAll(attempt_);
    channel_->meter->Ended(Clock::now() - began, !result.ok());
    OnEnd(number, std::move(result));
  }

  void OnEnd(int number, arrow::Result<RemoteAnswer> result) {
    {
      std::lock_guard lock(mutex_);
      if (settled_ || number != number_) return;
      IoTimer::Shared().Cancel(std::exchange(attempt_timer_, 0));
      task_ = nullptr;
    }
    if (result.ok()) return Settle(std::move(result));
    const RemoteFailure failure = ClassifyRemoteStatus(result.status());
    arrow::Status error = Describe(failure, result.status());
    if (!failure.retry || !request_.retry) return Settle(error);
    Again(std::move(error));
  }

  /// The attempt has had its time; it may end whenever it likes. Thread of the timer.
  void OnCutOff(int number) {
    std::shared_ptr<IoPool::Task> stuck;
    {
      std::lock_guard lock(mutex_);
      if (settled_ || number != number_) return;
      ++number_;  // what it brings comes too late
      attempt_timer_ = 0;
      stuck = std::exchange(task_, nullptr);
    }
    LeaveBehind(stuck);
    if (!request_.retry) return SettleElsewhere(LastFailure());
    Again(MakeError(
        ErrorCode::kTimeout,
        "Expected an answer of the store in " + std::to_string(channel_->request_timeout.count()) +
            " ms but received none when asked to " + request_.action + " '" + request_.path + "'",
        {request_.path, ""}));
  }

  void Again(arrow::Status error) {
    std::lock_guard lock(mutex_);
    if (settled_) return;
    last_failure_ = std::move(error);
    // One that would begin after the deadline is never begun: the deadline's own timer ends it.
    pause_timer_ = IoTimer::Shared().At(Clock::now() + PauseAfter(number_),
                                        [self = shared_from_this()] { self->Begin(); });
  }

  void LeaveBehind(const std::shared_ptr<IoPool::Task>& task) {
    channel_->meter->Abandoned();
    if (task != nullptr) IoPool::Shared().Abandon(task);
  }

  void Settle(arrow::Result<RemoteAnswer> result) {
    if (End()) done_(std::move(result));
  }

  /// From the thread of the timer, which must not run what waits for the answer.
  void SettleElsewhere(arrow::Status status) {
    if (!End()) return;
    IoPool::Shared().Spawn(
        [self = shared_from_this(), status = std::move(status)] { self->done_(status); });
  }

  /// True for the one who settles the call.
  bool End() {
    std::shared_ptr<IoPool::Task> task;
    bool in_flight = false;
    {
      std::lock_guard lock(mutex_);
      if (settled_) return false;
      settled_ = true;
      in_flight = attempt_timer_ != 0;
      for (const auto timer : {attempt_timer_, pause_timer_, deadline_timer_}) {
        IoTimer::Shared().Cancel(timer);
      }
      task = std::exchange(task_, nullptr);
    }
    if (in_flight) {
      LeaveBehind(task);
    } else if (task != nullptr) {
      IoPool::Shared().Abandon(task);
    }
    LiveCalls& live = LiveCalls::Get();
    std::lock_guard lock(live.mutex);
    live.calls.erase(shared_from_this());
    return true;
  }

  arrow::Status LastFailure() {
    std::lock_guard lock(mutex_);
    const std::string time = std::to_string(channel_->retry_timeout.count()) + " ms";
    if (last_failure_.ok()) {
      return MakeError(ErrorCode::kTimeout,
                       "Expected an answer of the store within " + time +
                           " but received none when asked to " + request_.action + " '" +
                           request_.path + "'",
                       {request_.path, ""});
    }
    return MakeError(DescribeError(last_failure_).code,
                     last_failure_.message() + " (given up after " + time + ")",
                     {request_.path, ""});
  }

  arrow::Status Describe(const RemoteFailure& failure, const arrow::Status& status) const {
    if (failure.code == ErrorCode::kNotFound) {
      const char* what = failure.bucket_missing ? "its bucket does not exist" : "there is none";
      return MakeError(failure.code,
                       "Expected an object at '" + request_.path + "' but " + what + ": " +
                           WithoutSecrets(status.message(), channel_->secrets),
                       {request_.path, ""});
    }
    return MakeError(failure.code,
                     "Could not " + request_.action + " '" + request_.path +
                         "': " + WithoutSecrets(status.message(), channel_->secrets),
                     {request_.path, ""});
  }

  const std::shared_ptr<const RemoteChannel> channel_;
  const RemoteRequest request_;
  const RemoteAttempt attempt_;
  const RemoteDone done_;
  const Clock::time_point deadline_;

  std::mutex mutex_;
  bool settled_ = false;
  int number_ = 0;  ///< of the attempt that may still answer
  std::shared_ptr<IoPool::Task> task_;
  IoTimer::Id attempt_timer_ = 0;  ///< 0 = no attempt is running
  IoTimer::Id pause_timer_ = 0;
  IoTimer::Id deadline_timer_ = 0;
  arrow::Status last_failure_;
};

}  // namespace

void CallRemote(std::shared_ptr<const RemoteChannel> channel, RemoteRequest request,
                RemoteAttempt attempt, RemoteDone done) {
  std::make_shared<Call>(std::move(channel), std::move(request), std::move(attempt),
                         std::move(done))
      ->Start();
}

void StopRemoteCalls() {
  LiveCalls& live = LiveCalls::Get();
  std::unordered_set<std::shared_ptr<Call>> calls;
  {
    std::lock_guard lock(live.mutex);
    live.stopped = true;
    calls = live.calls;
  }
  for (const auto& call : calls) call->Stop();
  IoPool::Shared().Stop();
}

}  // namespace packed
