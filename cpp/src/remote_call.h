#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow/result.h"

#include "io_pool.h"
#include "packed/cancel.h"
#include "remote_meter.h"

namespace packed {

/// What all calls of one object store share.
struct RemoteChannel {
  std::shared_ptr<RemoteMeter> meter;
  std::chrono::milliseconds request_timeout{10000};
  std::chrono::milliseconds retry_timeout{60000};
  std::vector<std::string> secrets;  ///< never to be repeated in a message
};

/// One operation that is asked of a store.
struct RemoteRequest {
  std::string action;  ///< "read", "open": what the message says could not be done
  std::string path;    ///< as the caller gave it
  int64_t bytes = 0;   ///< that the answer has about: large ones are given more time
  bool retry = true;
  std::optional<CancelToken> cancel;
};

/// What an attempt brought back; who made the attempt knows its type.
using RemoteAnswer = std::shared_ptr<void>;

/// \brief One request to the store. Blocks, on a thread of IoPool.
///
/// It may be left behind at its deadline and run on beside the next attempt: it owns all that it
/// touches, memory that it reads into too.
using RemoteAttempt = std::function<arrow::Result<RemoteAnswer>()>;

/// Called once, on any thread but that of a timer; the last thing that is done for the call.
using RemoteDone = std::function<void(arrow::Result<RemoteAnswer>)>;

/// \brief Ask, and ask again after a growing, random pause, until the store answers, refuses for
/// good, or the time of the operation is over.
///
/// An attempt ends at a deadline of our own, whatever the client underneath does. `done` comes in
/// time too: with the last failure where there was an answer or a refusal, with kTimeout where
/// there was none, with kAborted once the token is raised.
void CallRemote(std::shared_ptr<const RemoteChannel> channel, RemoteRequest request,
                RemoteAttempt attempt, RemoteDone done);

/// \brief CallRemote, waited for. Not by callbacks of arrow::Future: their tracing uses statics of
/// libarrow, which exit may destroy while the thread that woke the caller is still in there.
template <typename T>
arrow::Result<std::shared_ptr<T>> AskRemote(
    std::shared_ptr<const RemoteChannel> channel, RemoteRequest request,
    std::function<arrow::Result<std::shared_ptr<T>>()> attempt) {
  auto promise = std::make_shared<std::promise<arrow::Result<RemoteAnswer>>>();
  auto answer = promise->get_future();
  CallRemote(
      std::move(channel), std::move(request),
      [attempt = std::move(attempt)]() -> arrow::Result<RemoteAnswer> {
        ARROW_ASSIGN_OR_RAISE(std::shared_ptr<T> typed, attempt());
        return std::static_pointer_cast<void>(std::move(typed));
      },
      [promise](arrow::Result<RemoteAnswer> result) { promise->set_value(std::move(result)); });
  const IoPool::Waiting waiting;
  ARROW_ASSIGN_OR_RAISE(RemoteAnswer untyped, answer.get());
  return std::static_pointer_cast<T>(std::move(untyped));
}

}  // namespace packed
