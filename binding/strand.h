#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace packed::binding {

/// \brief Runs tasks on the executor one after the other, in the order of Post.
///
/// One per writer, reader or stream: those are not thread-safe, and two operations on one object
/// run in call order. No thread of the pool waits for another task. Any thread may post.
class Strand : public std::enable_shared_from_this<Strand> {
 public:
  void Post(std::function<void()> task);

 private:
  void RunNext();

  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  bool busy_ = false;
};

}  // namespace packed::binding
