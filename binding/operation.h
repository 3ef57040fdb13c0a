#pragma once

#include <optional>
#include <type_traits>
#include <utility>

#include "arrow/result.h"

#include "environment.h"
#include "napi_setup.h"
#include "native_error.h"
#include "packed/cancel.h"

namespace packed::binding {

/// \brief An asynchronous call: executes on the pool, settles on the JS thread.
///
/// Its destructor may run on any thread and therefore owns no JavaScript value; the reference to
/// the Completion is deleted by the environment when it settles.
class Operation {
 public:
  explicit Operation(CancelToken cancel) : cancel_(std::move(cancel)) {}
  virtual ~Operation() = default;
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;

  /// Pool thread. Keeps its outcome for Settle.
  virtual void Execute() noexcept = 0;

  /// JS thread, once, after Execute: the value of the Completion, or its error.
  virtual arrow::Result<Napi::Value> Settle(Environment& environment) = 0;

  const CancelToken& cancel() const { return cancel_; }

 private:
  friend class Environment;
  friend arrow::Status Start(Environment&, Napi::Value, std::shared_ptr<Operation>, Strand*);

  const CancelToken cancel_;
  napi_ref done_ = nullptr;
};

/// \brief Check that `done` is a function, keep it, and submit the operation. JS thread.
arrow::Status Start(Environment& environment, Napi::Value done,
                    std::shared_ptr<Operation> operation, Strand* strand = nullptr);

/// An operation made of two functions: `work() -> Result<T>` for the pool,
/// `deliver(Environment&, T) -> Result<Napi::Value>` for the JS thread.
template <typename Work, typename Deliver>
class FunctionOperation final : public Operation {
 public:
  FunctionOperation(CancelToken cancel, Work work, Deliver deliver)
      : Operation(std::move(cancel)), work_(std::move(work)), deliver_(std::move(deliver)) {}

  void Execute() noexcept override {
    outcome_.emplace(Guarded(*work_));
    work_.reset();  // what it captured is not kept until the JS thread has time
  }

  arrow::Result<Napi::Value> Settle(Environment& environment) override {
    if (!outcome_->ok()) return outcome_->status();
    return deliver_(environment, std::move(*outcome_).MoveValueUnsafe());
  }

 private:
  std::optional<Work> work_;
  Deliver deliver_;
  std::optional<std::invoke_result_t<Work&>> outcome_;
};

template <typename Work, typename Deliver>
std::shared_ptr<Operation> MakeOperation(CancelToken cancel, Work work, Deliver deliver) {
  return std::make_shared<FunctionOperation<Work, Deliver>>(std::move(cancel), std::move(work),
                                                            std::move(deliver));
}

/// The outcome of an operation without a value.
struct Nothing {};

inline arrow::Result<Napi::Value> SettleNothing(Environment& environment, Nothing) {
  return environment.env().Undefined();
}

}  // namespace packed::binding
