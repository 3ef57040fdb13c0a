#pragma once

#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/status.h"

#include "packed/uploader.h"
#include "upload_budget.h"

namespace packed {

/// \brief The parts of one upload, on their way and arrived.
///
/// Shared by the file and by what the uploader calls when a part is answered, which may be after
/// the file is gone. The calls are those of one thread at a time.
class UploadParts : public std::enable_shared_from_this<UploadParts> {
 public:
  UploadParts(UploadTarget target, std::shared_ptr<Uploader> uploader,
              std::shared_ptr<UploadBudget> budget);

  /// True once a part was sent: there is an upload that must be completed or given up.
  bool started() const { return started_; }

  /// \brief Send the next part; waits for room among what is on its way.
  ///
  /// The first failure of any part stays, and is the answer from then on.
  arrow::Status Send(std::shared_ptr<arrow::Buffer> content);

  /// \brief Wait until every part is answered, or one has failed.
  arrow::Status Wait();

  /// \brief Make the object. After Wait.
  arrow::Status Complete();

  /// \brief Give the upload up, once none of its parts is on its way any more.
  ///
  /// Does not wait. Idempotent; a no-op without an upload and after Complete has succeeded.
  void Abort() noexcept;

 private:
  arrow::Status Start();
  void Answered(int number, int64_t bytes, arrow::Result<std::string> tag);

  const UploadTarget target_;
  const std::shared_ptr<Uploader> uploader_;
  const std::shared_ptr<UploadBudget> budget_;
  bool started_ = false;
  bool over_ = false;   ///< completed, or given up
  std::string upload_;  ///< fixed from Start on

  std::mutex mutex_;
  std::condition_variable answered_;
  std::vector<std::string> tags_;
  arrow::Status failure_;
  int on_their_way_ = 0;
  bool abort_when_idle_ = false;
};

}  // namespace packed
