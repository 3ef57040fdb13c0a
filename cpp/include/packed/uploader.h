#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "arrow/status.h"

namespace packed {

/// An object that is to appear at a key.
struct UploadTarget {
  std::string key;
  /// An object that stands there, or that appears meanwhile, is kept: kAlreadyExists.
  bool if_absent = true;
};

/// \brief Puts objects into a store, in one piece or as parts.
///
/// Thread-safe. Retries, time-outs and checksums are its own; what it answers is final. No call
/// may be made on a thread that the uploader itself needs (JavaScript's).
class Uploader {
 public:
  virtual ~Uploader() = default;

  /// \brief Start an upload; its name in the store. Blocks.
  ///
  /// A call that gives up before the store has answered sees to it that no upload stays open.
  virtual arrow::Result<std::string> Create(const UploadTarget& target) = 0;

  /// The tag that Complete wants, or why there is none. Called once, on any thread, within Part
  /// too; it does not block.
  using PartDone = std::function<void(arrow::Result<std::string>)>;

  /// \brief Send part `number` (from 1). Returns at once; `content` is kept until `done`.
  virtual void Part(const UploadTarget& target, const std::string& upload, int number,
                    std::shared_ptr<arrow::Buffer> content, PartDone done) = 0;

  /// \brief Make the object of all parts, in their order. Blocks.
  virtual arrow::Status Complete(const UploadTarget& target, const std::string& upload,
                                 const std::vector<std::string>& tags) = 0;

  /// \brief An object of less than one part. Blocks.
  virtual arrow::Status Put(const UploadTarget& target, std::shared_ptr<arrow::Buffer> content) = 0;

  /// \brief Give up an upload with all its parts: now, or as soon as the store can be reached.
  ///
  /// Comes after every part was answered, and last. Does not block.
  virtual void Abort(const UploadTarget& target, const std::string& upload) noexcept = 0;

  /// \brief Remove an object that this writer has put there. Blocks.
  virtual arrow::Status Remove(const std::string& key) = 0;
};

}  // namespace packed
