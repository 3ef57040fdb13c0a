#include "environment.h"

#include <cstdlib>
#include <utility>

#include "operation.h"
#include "packed/executor.h"
#include "strand.h"

namespace packed::binding {
namespace {

/// Makes the addon behave as in an engine without external buffers (Electron's memory cage).
constexpr const char* kNoExternalVariable = "ARROW_PACKED_NO_EXTERNAL";

}  // namespace

bool Environment::Attach(napi_env env) {
  auto environment = std::make_shared<Environment>(env);
  const char* forbidden = std::getenv(kNoExternalVariable);
  if (forbidden != nullptr && *forbidden == '1') environment->ForbidExternalBuffers();

  const Napi::String name = Napi::String::New(env, "arrow-packed");
  napi_status status =
      napi_create_threadsafe_function(env, nullptr, nullptr, name, 0, 1, nullptr, nullptr,
                                      environment.get(), OnWake, &environment->wake_);
  if (status != napi_ok) return false;
  napi_unref_threadsafe_function(env, environment->wake_);
  napi_add_env_cleanup_hook(
      env, [](void* self) { static_cast<Environment*>(self)->TearDown(); }, environment.get());

  auto* box = new std::shared_ptr<Environment>(std::move(environment));
  status = napi_set_instance_data(
      env, box,
      [](napi_env, void* data, void*) { delete static_cast<std::shared_ptr<Environment>*>(data); },
      nullptr);
  return status == napi_ok;
}

Environment& Environment::Of(napi_env env) {
  void* box = nullptr;
  napi_get_instance_data(env, &box);
  return **static_cast<std::shared_ptr<Environment>*>(box);
}

void Environment::Submit(std::shared_ptr<Operation> operation, Strand* strand) {
  if (stopped_) return;  // the event loop is over: nobody could hear of the outcome
  outstanding_.insert(operation);
  UpdateReference(false);
  auto run = [self = shared_from_this(), operation = std::move(operation)]() mutable {
    self->Execute(std::move(operation));
  };
  if (strand != nullptr) {
    strand->Post(std::move(run));
  } else {
    Executor::Shared().Spawn(std::move(run));
  }
}

/// Pool thread. An operation whose environment ended before its turn is only dropped.
void Environment::Execute(std::shared_ptr<Operation> operation) {
  if (!Begin()) return;
  operation->Execute();
  End(std::move(operation));
}

bool Environment::Begin() {
  const std::lock_guard lock(mutex_);
  if (!alive_) return false;
  ++executing_;
  return true;
}

void Environment::End(std::shared_ptr<Operation> operation) {
  const std::lock_guard lock(mutex_);
  if (alive_) {
    completed_.push_back(std::move(operation));
    WakeLocked();
  }
  --executing_;
  idle_.notify_all();
}

void Environment::Discard(std::vector<napi_ref> references) {
  if (references.empty()) return;
  const std::lock_guard lock(mutex_);
  if (!alive_) return;  // leaked on purpose: the heap they belong to is gone
  discarded_.insert(discarded_.end(), references.begin(), references.end());
  WakeLocked();
}

void Environment::Post(std::function<void()> job) {
  const std::lock_guard lock(mutex_);
  if (!alive_) return;
  jobs_.push_back(std::move(job));
  WakeLocked();
}

void Environment::StayForJobs() {
  if (stopped_) return;
  bool jobs_wait = false;
  {
    const std::lock_guard lock(mutex_);
    jobs_wait = !jobs_.empty();
  }
  UpdateReference(jobs_wait);
}

void Environment::UpdateReference(bool jobs_wait) {
  const bool wanted = jobs_wait || !outstanding_.empty();
  if (wanted == std::exchange(referenced_, wanted)) return;
  if (wanted) {
    napi_ref_threadsafe_function(env_, wake_);
  } else {
    napi_unref_threadsafe_function(env_, wake_);
  }
}

/// One wake-up serves everything queued before the JS thread comes round to it.
void Environment::WakeLocked() {
  if (woken_) return;
  woken_ = napi_call_threadsafe_function(wake_, nullptr, napi_tsfn_nonblocking) == napi_ok;
}

void Environment::OnWake(napi_env env, napi_value, void* context, void*) {
  if (env == nullptr) return;  // flushed at teardown, after TearDown took what was queued
  static_cast<Environment*>(context)->Drain();
}

void Environment::Drain() {
  std::vector<std::shared_ptr<Operation>> completed;
  std::vector<napi_ref> discarded;
  std::vector<std::function<void()>> jobs;
  {
    const std::lock_guard lock(mutex_);
    woken_ = false;
    completed.swap(completed_);
    discarded.swap(discarded_);
    jobs.swap(jobs_);
  }
  for (napi_ref reference : discarded) napi_delete_reference(env_, reference);
  for (auto& job : jobs) {
    const Napi::HandleScope scope(env_);
    job();
    job = nullptr;  // what it holds of an upload is large
  }
  for (const auto& operation : completed) {
    outstanding_.erase(operation);
    Settle(*operation);
  }
  StayForJobs();
}

/// Calls the Completion. In a terminating worker calls into JavaScript fail; nobody waits there.
void Environment::Settle(Operation& operation) {
  const Napi::HandleScope scope(env_);
  const arrow::Result<Napi::Value> value = Guarded([&] { return operation.Settle(*this); });
  napi_value done = nullptr;
  napi_get_reference_value(env_, operation.done_, &done);
  napi_delete_reference(env_, operation.done_);
  if (done == nullptr) return;
  const Napi::Env env(env_);
  const napi_value arguments[2] = {
      value.ok() ? static_cast<napi_value>(env.Null()) : ToNativeError(env, value.status()),
      value.ok() ? static_cast<napi_value>(*value) : env.Undefined(),
  };
  napi_call_function(env_, env.Undefined(), done, 2, arguments, nullptr);
  if (env.IsExceptionPending()) {
    napi_value exception = nullptr;
    napi_get_and_clear_last_exception(env_, &exception);
    napi_fatal_exception(env_, exception);
  }
}

void Environment::Stop() {
  stopped_ = true;
  std::vector<std::shared_ptr<Operation>> completed;
  std::vector<std::function<void()>> jobs;
  std::unique_lock lock(mutex_);
  if (alive_) napi_release_threadsafe_function(wake_, napi_tsfn_abort);
  alive_ = false;
  completed.swap(completed_);
  jobs.swap(jobs_);
  for (const auto& operation : outstanding_) operation->cancel().Cancel();
  lock.unlock();
  uploads_.Close();
  lock.lock();
  idle_.wait(lock, [this] { return executing_ == 0; });
  lock.unlock();
  outstanding_.clear();
}

/// JS thread, once, when the environment ends (rule 4). No JavaScript runs any more.
void Environment::TearDown() {
  Stop();
  externals_.ReleaseAll();
}

}  // namespace packed::binding
