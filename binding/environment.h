#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "external_registry.h"
#include "lending_credit.h"
#include "napi_setup.h"
#include "upload_tickets.h"

namespace packed::binding {

class ExternalMemory;
class Operation;
class Strand;

/// \brief What one napi_env (one load of the addon in one thread of JavaScript) has in flight.
///
/// Rules, each of which a crash or a hang taught:
///  1. Nothing of JavaScript is made, read or deleted off the JS thread. A native thread that is
///     done with JavaScript's memory hands the references to `Discard`.
///  2. One thread-safe function per environment, created before the cleanup hook (hooks run in
///     reverse order, so it is still valid in ours), and referenced only while operations are
///     outstanding: the event loop lives exactly as long as there is work.
///  3. The thread-safe function is touched under `mutex_` and only while `alive_`.
///  4. When the environment ends, its memory goes with it, whatever references exist. So the
///     cleanup hook raises every cancel flag and waits until no native thread executes an
///     operation of this environment. After that references are leaked, operations never.
///     process.exit() on the main thread runs no cleanup hooks but destroys the statics of Arrow,
///     so the library calls `Stop` (as `shutdown`) from the 'exit' event before.
///  5. Native threads hold a shared_ptr to this object, which outlives the napi_env; they never
///     hold the napi_env itself.
///  6. An operation may wait for JavaScript only through `uploads()`, whose requests `Stop` settles
///     before it waits for operations.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /// \brief Make the environment of `env` and store it as instance data. False: exception pending.
  static bool Attach(napi_env env);

  /// The environment of `env`. JS thread.
  static Environment& Of(napi_env env);

  explicit Environment(napi_env env) : env_(env) {}

  // --- JS thread only -----------------------------------------------------------------------

  Napi::Env env() const { return Napi::Env(env_); }

  /// \brief Execute `operation` on the pool (after what `strand` has, if given), then settle it.
  void Submit(std::shared_ptr<Operation> operation, Strand* strand = nullptr);

  /// \brief Cancel what is in flight and wait until no native thread executes it; nothing starts
  /// afterwards and nothing settles. Idempotent. Memory that JavaScript views stays.
  void Stop();

  /// \brief Keep the event loop alive until the jobs that wait have run.
  void StayForJobs();

  int64_t pending() const { return static_cast<int64_t>(outstanding_.size()); }

  /// False once the engine refused an ArrayBuffer over native memory (or a test says so).
  bool external_buffers_allowed() const { return external_buffers_allowed_; }
  void ForbidExternalBuffers() { external_buffers_allowed_ = false; }

  /// ArrayBuffers over native memory, by the address at which they start.
  ExternalRegistry& externals() { return externals_; }

  /// What may be lent before the engine collects.
  LendingCredit& credit() { return credit_; }

  /// The ArrayBuffers over parts of mapped files, by the address at which they start.
  std::map<const uint8_t*, std::weak_ptr<ExternalMemory>>& windows() { return windows_; }

  // --- any thread ---------------------------------------------------------------------------

  /// \brief Delete references on the JS thread; leaks them when the environment is gone.
  void Discard(std::vector<napi_ref> references);

  /// \brief Run `job`, which handles its own failures, on the JS thread; dropped when the
  /// environment is gone. Jobs run in this order, and before operations that end after them settle.
  void Post(std::function<void()> job);

  bool OnJsThread() const { return std::this_thread::get_id() == thread_; }

  /// What was asked of uploaders in JavaScript.
  UploadTickets& uploads() { return uploads_; }

  /// Bytes of JavaScript memory that native code may read now.
  std::atomic<int64_t> borrowed_bytes{0};
  /// Bytes of native memory in ArrayBuffers that were read and not given back.
  std::atomic<int64_t> lent_bytes{0};

 private:
  bool Begin();
  void End(std::shared_ptr<Operation> operation);
  void Execute(std::shared_ptr<Operation> operation);
  void WakeLocked();
  void Drain();
  void Settle(Operation& operation);
  void UpdateReference(bool jobs_wait);
  void TearDown();
  static void OnWake(napi_env env, napi_value callback, void* context, void* data);

  const napi_env env_;
  const std::thread::id thread_ = std::this_thread::get_id();
  napi_threadsafe_function wake_ = nullptr;
  bool referenced_ = false;  ///< whether `wake_` keeps the event loop alive
  bool external_buffers_allowed_ = true;
  bool stopped_ = false;  ///< what alive_ says, for the JS thread without the lock
  std::unordered_set<std::shared_ptr<Operation>> outstanding_;
  ExternalRegistry externals_;
  LendingCredit credit_;
  std::map<const uint8_t*, std::weak_ptr<ExternalMemory>> windows_;
  UploadTickets uploads_;

  std::mutex mutex_;
  std::condition_variable idle_;
  bool alive_ = true;
  bool woken_ = false;
  int executing_ = 0;
  std::vector<std::shared_ptr<Operation>> completed_;
  std::vector<napi_ref> discarded_;
  std::vector<std::function<void()>> jobs_;
};

}  // namespace packed::binding
