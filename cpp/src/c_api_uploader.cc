#include "c_api_uploader.h"

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include "c_api_convert.h"
#include "io_pool.h"
#include "packed/error.h"

namespace packed {
namespace {

/// A text that the caller sets, and that is ours to free then.
class GivenText {
 public:
  GivenText() = default;
  GivenText(const GivenText&) = delete;
  GivenText& operator=(const GivenText&) = delete;
  ~GivenText() { std::free(text_); }

  char** out() { return &text_; }
  const char* get() const { return text_; }

 private:
  char* text_ = nullptr;
};

arrow::Status StatusOf(int32_t code, const GivenText& error) {
  if (code == PACKED_OK) return arrow::Status::OK();
  const std::string message = error.get() == nullptr ? "The uploader failed" : error.get();
  return MakeError(LookupError(static_cast<ErrorCode>(code)).code, message);
}

/// The name of an upload or the tag of a part.
arrow::Result<std::string> TextOf(int32_t code, const GivenText& text, const GivenText& error) {
  ARROW_RETURN_NOT_OK(StatusOf(code, error));
  if (text.get() != nullptr) return std::string(text.get());
  return MakeError(ErrorCode::kInternal,
                   "Expected the uploader to answer a name or tag but received null");
}

class TableUploader final : public Uploader {
 public:
  explicit TableUploader(const CUploader& table) : table_(std::make_shared<Table>(table)) {}

  arrow::Status Check() const {
    const CUploader& calls = table_->calls;
    if (calls.create != nullptr && calls.part != nullptr && calls.complete != nullptr &&
        calls.abort != nullptr && calls.put != nullptr && calls.remove != nullptr) {
      return arrow::Status::OK();
    }
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected every function of an uploader but received null for one");
  }

  arrow::Result<std::string> Create(const UploadTarget& target) override {
    const CUploader& calls = table_->calls;
    GivenText upload;
    GivenText error;
    const int32_t code = calls.create(calls.context, target.key.c_str(), target.if_absent,
                                      upload.out(), error.out());
    return TextOf(code, upload, error);
  }

  void Part(const UploadTarget& target, const std::string& upload, int number,
            std::shared_ptr<arrow::Buffer> content, PartDone done) override {
    IoPool::Shared().Spawn([table = table_, key = target.key, upload, number,
                            content = std::move(content), done = std::move(done)] {
      const CUploader& calls = table->calls;
      GivenText tag;
      GivenText error;
      const int32_t code = calls.part(calls.context, key.c_str(), upload.c_str(), number,
                                      content->data(), content->size(), tag.out(), error.out());
      done(TextOf(code, tag, error));
    });
  }

  arrow::Status Complete(const UploadTarget& target, const std::string& upload,
                         const std::vector<std::string>& tags) override {
    std::vector<const char*> texts;
    texts.reserve(tags.size());
    for (const std::string& tag : tags) texts.push_back(tag.c_str());
    const CUploader& calls = table_->calls;
    GivenText error;
    const int32_t code =
        calls.complete(calls.context, target.key.c_str(), target.if_absent, upload.c_str(),
                       texts.data(), static_cast<int32_t>(texts.size()), error.out());
    return StatusOf(code, error);
  }

  arrow::Status Put(const UploadTarget& target, std::shared_ptr<arrow::Buffer> content) override {
    const CUploader& calls = table_->calls;
    const uint8_t* data = content->size() > 0 ? content->data() : nullptr;
    GivenText error;
    const int32_t code = calls.put(calls.context, target.key.c_str(), target.if_absent, data,
                                   content->size(), error.out());
    return StatusOf(code, error);
  }

  void Abort(const UploadTarget& target, const std::string& upload) noexcept override {
    const CUploader& calls = table_->calls;
    calls.abort(calls.context, target.key.c_str(), upload.c_str());
  }

  arrow::Status Remove(const std::string& key) override {
    const CUploader& calls = table_->calls;
    GivenText error;
    const int32_t code = calls.remove(calls.context, key.c_str(), error.out());
    return StatusOf(code, error);
  }

 private:
  /// Parts on their way share it: the table is released when the last of them has ended.
  struct Table {
    explicit Table(const CUploader& given) : calls(given) {}
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;
    ~Table() {
      if (calls.release != nullptr) calls.release(calls.context);
    }
    const CUploader calls;
  };

  const std::shared_ptr<Table> table_;
};

}  // namespace

arrow::Result<std::shared_ptr<Uploader>> MakeCUploader(const CUploader* table) {
  ARROW_RETURN_NOT_OK(CheckNotNull(table, "uploader"));
  auto uploader = std::make_shared<TableUploader>(*table);
  ARROW_RETURN_NOT_OK(uploader->Check());
  return uploader;
}

}  // namespace packed
