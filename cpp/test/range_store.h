#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "packed/storage.h"

namespace packed::test {

/// \brief A store whose files are on the local disk and whose reads are requests: counted, held
/// back, broken. Thread-safe.
class RangeStore final : public FileStore {
 public:
  struct Request {
    std::string path;
    int64_t offset = 0;
    int64_t bytes = 0;
  };
  /// What becomes of a request: its failure, or how many of its bytes arrive. Runs on the thread
  /// of the request and may wait.
  using Answer = std::function<arrow::Result<int64_t>(const Request&)>;

  RangeStore();

  arrow::Result<std::unique_ptr<PendingFile>> Create(const std::string& path,
                                                     IfExists if_exists) override;
  /// As a remote store does: the end of the file comes with the opening, and its size is asked
  /// for where it is not known.
  arrow::Result<std::shared_ptr<ReadableFile>> Open(const std::string& path,
                                                    const ReadOptions& options) override;
  bool remote() const override { return true; }

  void AnswerBy(Answer answer);
  /// Requests so far, those of openings among them (a question for the size has no bytes).
  std::vector<Request> requests() const;
  void Forget();
  /// Files that somebody has, those of requests that were abandoned among them.
  int64_t open_files() const { return log_.use_count() - 1; }
  /// \brief Until nobody has a file, requests that were abandoned ended; false when they do not.
  bool AwaitNoOpenFiles() const;
  /// Most requests that ran at the same time since Forget.
  int most_at_once() const;

 private:
  struct Log;
  class RemoteFile;
  class RemoteReadable;
  const std::shared_ptr<FileStore> local_;
  const std::shared_ptr<Log> log_;  // shared with files, which may outlive the store
};

/// \brief Holds requests back until it is opened; they wait in it.
class Gate {
 public:
  void Open();
  void Wait();
  /// \brief Until so many have come to wait; false when they do not.
  bool AwaitWaiting(int count);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int waiting_ = 0;
  bool open_ = false;
};

}  // namespace packed::test
