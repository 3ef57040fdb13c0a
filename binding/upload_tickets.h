#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "arrow/result.h"

#include "packed/cancel.h"

namespace packed::binding {

/// What an uploader says to one request: the name of an upload, the tag of a part, or "".
using UploadAnswer = arrow::Result<std::string>;

/// \brief What one environment has asked of uploaders in JavaScript and has no answer to yet.
///
/// Native code hears of every request exactly once: the answer, or kAborted when the writer is
/// cancelled or the environment ends before it comes. A ticket stays open until JavaScript has
/// answered it, so that what a late answer has made can be taken back. Thread-safe; no callback is
/// called under the lock.
class UploadTickets {
 public:
  struct Request {
    CancelToken cancel = {};
    /// False for steps whose outcome others can see: a cancelled writer still waits for those.
    bool interruptible = true;
    /// The outcome. Any thread, quick.
    std::function<void(UploadAnswer)> settle = {};
    /// What JavaScript said; `late` when `settle` was called before. JS thread.
    std::function<void(bool late, const UploadAnswer&)> answered = {};
  };

  /// \brief Enter a request. Empty where it was settled with kAborted instead.
  std::optional<int64_t> Open(Request request);

  /// True while native code waits for the outcome, or never wanted to hear of one.
  bool IsWanted(int64_t ticket);

  /// \brief JavaScript's answer; a ticket that is not open is ignored. JS thread.
  void Answer(int64_t ticket, const UploadAnswer& answer);

  /// \brief Settle the interruptible requests of cancelled writers with kAborted.
  void InterruptCancelled();

  /// \brief Settle one request with kAborted, if it is not settled yet.
  void Interrupt(int64_t ticket);

  /// \brief The environment ends: settle everything with kAborted, now and from now on.
  void Close();

 private:
  struct Entry {
    Request request;
    bool settled;
  };

  std::mutex mutex_;
  std::unordered_map<int64_t, Entry> entries_;
  int64_t next_ticket_ = 1;
  bool closed_ = false;
};

}  // namespace packed::binding
