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
    char* upload = nullptr;
    const CStatus status =
        calls.create(calls.context, target.key.c_str(), target.if_absent, &upload);
    return TakeText(status, upload);
  }

  void Part(const UploadTarget& target, const std::string& upload, int number,
            std::shared_ptr<arrow::Buffer> content, PartDone done) override {
    IoPool::Shared().Spawn([table = table_, key = target.key, upload, number,
                            content = std::move(content), done = std::move(done)] {
      const CUploader& calls = table->calls;
      char* tag = nullptr;
      const CStatus status = calls.part(calls.context, key.c_str(), upload.c_str(), number,
                                        content->data(), content->size(), &tag);
      done(TakeText(status, tag));
    });
  }

  arrow::Status Complete(const UploadTarget& target, const std::string& upload,
                         const std::vector<std::string>& tags) override {
    std::vector<const char*> texts;
    for (const std::string& tag : tags) texts.push_back(tag.c_str());
    const CUploader& calls = table_->calls;
    return FromCStatus(calls.complete(calls.context, target.key.c_str(), target.if_absent,
                                      upload.c_str(), texts.data(),
                                      static_cast<int32_t>(texts.size())));
  }

  arrow::Status Put(const UploadTarget& target, std::shared_ptr<arrow::Buffer> content) override {
    const CUploader& calls = table_->calls;
    const uint8_t* data = content->size() > 0 ? content->data() : nullptr;
    return FromCStatus(
        calls.put(calls.context, target.key.c_str(), target.if_absent, data, content->size()));
  }

  void Abort(const UploadTarget& target, const std::string& upload) noexcept override {
    const CUploader& calls = table_->calls;
    calls.abort(calls.context, target.key.c_str(), upload.c_str());
  }

  arrow::Status Remove(const std::string& key) override {
    const CUploader& calls = table_->calls;
    return FromCStatus(calls.remove(calls.context, key.c_str()));
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

  static arrow::Result<std::string> TakeText(CStatus status, char* text) {
    const std::string copy = text == nullptr ? "" : text;
    const bool given = text != nullptr;
    std::free(text);
    ARROW_RETURN_NOT_OK(FromCStatus(status));
    if (given) return copy;
    return MakeError(ErrorCode::kInternal,
                     "Expected the uploader to answer a name or tag but received null");
  }

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
