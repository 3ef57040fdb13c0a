#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

namespace packed {

/// \brief Calls functions when their time has come, on one thread of its own.
///
/// For deadlines: what is called must be short and must not wait. Created on first use, never
/// destroyed; a forked child has one of its own, empty.
class IoTimer {
 public:
  using Clock = std::chrono::steady_clock;
  using Id = uint64_t;  ///< never 0

  static IoTimer& Shared();

  Id At(Clock::time_point time, std::function<void()> call);

  /// \brief Forget a call that has not begun; the id of one that has is ignored.
  void Cancel(Id id);

 private:
  IoTimer() = default;
};

}  // namespace packed
