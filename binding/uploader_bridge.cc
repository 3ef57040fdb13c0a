#include "uploader_bridge.h"

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "call.h"
#include "external_memory.h"
#include "js_upload_request.h"
#include "native_error.h"
#include "upload_tickets.h"
#include "values.h"

namespace packed::binding {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kCancelPoll{50};
/// What the uploader may take beyond its own time for an operation.
constexpr milliseconds kGrace{2000};

/// Where a pool thread waits for the outcome of a request.
class Outcome {
 public:
  void Set(UploadAnswer answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    answered_ = true;
    set_.notify_all();
  }

  bool WaitFor(milliseconds time) {
    std::unique_lock lock(mutex_);
    return set_.wait_for(lock, time, [this] { return answered_; });
  }

  UploadAnswer Take() { return std::move(answer_); }

 private:
  std::mutex mutex_;
  std::condition_variable set_;
  bool answered_ = false;
  UploadAnswer answer_;
};

class JsUploader final : public Uploader, public std::enable_shared_from_this<JsUploader> {
 public:
  JsUploader(Environment& environment, napi_ref handler, CancelToken cancel, milliseconds patience)
      : environment_(environment.shared_from_this()),
        handler_(handler),
        cancel_(std::move(cancel)),
        patience_(patience) {}

  /// The last share may be dropped on any thread.
  ~JsUploader() override { environment_->Discard({handler_}); }

  UploadAnswer Create(const UploadTarget& target) override {
    return Await(
        {.step = "create", .target = target}, /*interruptible=*/true,
        [target](JsUploader& self, const std::string& upload) { self.SendAbort(target, upload); });
  }

  void Part(const UploadTarget& target, const std::string& upload, int number,
            std::shared_ptr<arrow::Buffer> content, PartDone done) override {
    const UploadName name{target.key, upload};
    {
      const std::lock_guard lock(mutex_);
      ++uploads_[name].unanswered;
    }
    UploadTickets::Request ticket{.cancel = cancel_, .settle = std::move(done)};
    ticket.answered = [self = shared_from_this(), name](bool, const UploadAnswer&) {
      self->PartAnswered(name);
    };
    const bool sent = Send({.step = "part",
                            .target = target,
                            .upload = upload,
                            .number = number,
                            .content = std::move(content)},
                           std::move(ticket))
                          .has_value();
    if (!sent) PartAnswered(name);
  }

  arrow::Status Complete(const UploadTarget& target, const std::string& upload,
                         const std::vector<std::string>& tags) override {
    return Publish({.step = "complete", .target = target, .upload = upload, .tags = tags});
  }

  arrow::Status Put(const UploadTarget& target, std::shared_ptr<arrow::Buffer> content) override {
    return Publish({.step = "put", .target = target, .content = std::move(content)});
  }

  void Abort(const UploadTarget& target, const std::string& upload) noexcept override {
    static_cast<void>(Guarded([&] {
      bool now = true;
      {
        const std::lock_guard lock(mutex_);
        const auto state = uploads_.find({target.key, upload});
        if (state != uploads_.end()) {
          state->second.abort = target;
          now = false;
        }
      }
      if (now) SendAbort(target, upload);
      return arrow::Status::OK();
    }));
  }

  arrow::Status Remove(const std::string& key) override {
    return Await({.step = "remove", .target = {key, /*if_absent=*/false}}, /*interruptible=*/false,
                 nullptr)
        .status();
  }

 private:
  using UploadName = std::pair<std::string, std::string>;  ///< key, name in the store
  using LentContent = std::shared_ptr<ExternalMemory>;
  using TakeBack = std::function<void(JsUploader&, const std::string& answer)>;

  struct OpenUpload {
    int unanswered = 0;                 ///< parts
    std::optional<UploadTarget> abort;  ///< to be sent when there are none
  };

  arrow::Status Publish(JsUploadRequest request) {
    const std::string key = request.target.key;
    return Await(std::move(request), /*interruptible=*/false,
                 [key](JsUploader& self, const std::string&) {
                   self.Send({.step = "remove", .target = {key, /*if_absent=*/false}},
                             {.interruptible = false});
                 })
        .status();
  }

  /// Pool thread. `take_back` undoes what a late answer has made.
  UploadAnswer Await(JsUploadRequest request, bool interruptible, TakeBack take_back) {
    if (environment_->OnJsThread()) {
      return MakeError(ErrorCode::kInternal, "Expected a thread that may wait for JavaScript");
    }
    const auto outcome = std::make_shared<Outcome>();
    UploadTickets::Request ticket{.cancel = cancel_, .interruptible = interruptible};
    ticket.settle = [outcome](UploadAnswer answer) { outcome->Set(std::move(answer)); };
    ticket.answered = [self = shared_from_this(), take_back = std::move(take_back)](
                          bool late, const UploadAnswer& answer) {
      if (late && answer.ok() && take_back != nullptr) take_back(*self, *answer);
    };
    const auto number = Send(std::move(request), std::move(ticket));
    std::optional<steady_clock::time_point> deadline;
    while (!outcome->WaitFor(kCancelPoll)) {
      if (!cancel_.cancelled() || !number.has_value()) continue;
      if (!deadline.has_value()) deadline = steady_clock::now() + patience_;
      if (steady_clock::now() >= *deadline) environment_->uploads().Interrupt(*number);
    }
    return outcome->Take();
  }

  void SendAbort(const UploadTarget& target, const std::string& upload) {
    Send({.step = "abort", .target = target, .upload = upload}, {.interruptible = false});
  }

  /// JS thread, or the one that sends the part.
  void PartAnswered(const UploadName& name) {
    std::optional<UploadTarget> abort;
    {
      const std::lock_guard lock(mutex_);
      const auto state = uploads_.find(name);
      if (--state->second.unanswered > 0) return;
      abort = std::move(state->second.abort);
      uploads_.erase(state);
    }
    if (abort.has_value()) SendAbort(*abort, name.second);
  }

  /// Any thread. Empty where the request is settled already.
  std::optional<int64_t> Send(JsUploadRequest request, UploadTickets::Request ticket) {
    const auto lent = std::make_shared<LentContent>();
    ticket.answered = [lent, then = std::move(ticket.answered)](bool late,
                                                                const UploadAnswer& answer) {
      // The store has it all. After a failure a socket may still be reading: the garbage
      // collector knows when it is not.
      if (answer.ok() && *lent != nullptr) (*lent)->Release();
      if (then != nullptr) then(late, answer);
    };
    const auto number = environment_->uploads().Open(std::move(ticket));
    if (!number.has_value()) return number;
    // Where the environment has ended meanwhile, its tickets are settled without us.
    environment_->Post([self = shared_from_this(), number = *number, request = std::move(request),
                        lent]() mutable { self->Deliver(number, request, lent.get()); });
    return number;
  }

  /// JS thread. What was cancelled before its turn is not sent any more.
  void Deliver(int64_t ticket, JsUploadRequest& request, LentContent* lent) {
    const Napi::Env env = environment_->env();
    UploadTickets& tickets = environment_->uploads();
    if (!tickets.IsWanted(ticket)) {
      return tickets.Answer(ticket, MakeError(ErrorCode::kAborted, "The upload was aborted"));
    }
    napi_value handler = nullptr;
    napi_get_reference_value(env, handler_, &handler);
    const napi_value argument = ToNative(*environment_, ticket, request, lent);
    if (napi_call_function(env, env.Undefined(), handler, 1, &argument, nullptr) == napi_ok) return;
    napi_value thrown = nullptr;
    napi_get_and_clear_last_exception(env, &thrown);
    tickets.Answer(ticket, MakeError(ErrorCode::kInternal,
                                     "Expected an uploader that does not throw but received one "
                                     "that did"));
  }

  const std::shared_ptr<Environment> environment_;
  const napi_ref handler_;
  const CancelToken cancel_;
  const milliseconds patience_;

  std::mutex mutex_;
  std::map<UploadName, OpenUpload> uploads_;  ///< with parts that JavaScript has not answered
};

}  // namespace

std::shared_ptr<Uploader> MakeJsUploader(Environment& environment, Napi::Function handler,
                                         CancelToken cancel, const StorageConfig& config) {
  napi_ref reference = nullptr;
  if (napi_create_reference(environment.env(), handler, 1, &reference) != napi_ok) return nullptr;
  return std::make_shared<JsUploader>(environment, reference, std::move(cancel),
                                      milliseconds(config.retry_timeout_ms) + kGrace);
}

CallResult UploadSettle(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(const int64_t ticket, Read<int64_t>(call[0], "ticket"));
  UploadAnswer answer = std::string();
  if (!call[1].IsNull() && !call[1].IsUndefined()) {
    ARROW_ASSIGN_OR_RAISE(Napi::Object error, Read<Napi::Object>(call[1], "error"));
    answer = FromNativeError(error);
  } else if (!call[2].IsUndefined()) {
    ARROW_ASSIGN_OR_RAISE(answer, Read<std::string>(call[2], "value"));
  }
  call.environment().uploads().Answer(ticket, answer);
  call.environment().StayForJobs();
  return call.env().Undefined();
}

}  // namespace packed::binding
