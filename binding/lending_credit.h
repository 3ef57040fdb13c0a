#pragma once

#include <cstdint>

#include "napi_setup.h"

namespace packed::binding {

/// \brief Lets an environment lend memory without a garbage collection for every few batches.
///
/// The engine takes each ArrayBuffer over native memory for garbage to come, and marks its whole
/// heap after every 30 to 60 MiB of them: 20 ms of every core, which is more than reading the
/// bytes took. So a credit is reported to it ahead, as memory that is in use, and what is lent
/// counts against the credit: the engine's sum stays where it was. When the credit is used up, it
/// is reported again: for as much as was given back, or, where that is little, for twice as much.
/// To the engine that looks like memory taken at once, and it collects: once for each credit.
///
/// The engine's sum is never less than what it will take off when it frees: newer ones end the
/// process if it were. JS thread only.
class LendingCredit {
 public:
  /// \brief Count `bytes`, which an ArrayBuffer was just made over, against the credit; returns
  /// how many of them it covers. `least` is the first credit, of which 0 is none at all.
  int64_t Cover(napi_env env, int64_t bytes, int64_t least);

  /// \brief False when an ArrayBuffer is to be made of the engine's own memory.
  ///
  /// Whenever one is, and ArrayBuffers that are not old yet hold 32 MiB, the engine looks which of
  /// these are garbage: 1 to 2 ms, in vain where batches are kept, and what gives memory back early
  /// where they are dropped. So it comes once for half a credit that was lent. `lent` is what was
  /// lent since the last call, `least` as above.
  bool Quiet(int64_t lent, int64_t least);

  /// \brief The ArrayBuffer of `covered` bytes is gone. Touches no engine: also at its end.
  void Restore(int64_t covered);

 private:
  int64_t Renew(int64_t least);

  int64_t granted_ = 0;   ///< reported ahead
  int64_t covered_ = 0;   ///< by ArrayBuffers that are not gone
  int64_t owed_ = 0;      ///< given back, not reported again yet
  int64_t unlooked_ = 0;  ///< lent since the engine last had a chance to look
};

}  // namespace packed::binding
