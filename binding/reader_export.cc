#include <memory>
#include <mutex>
#include <utility>

#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"

#include "call.h"
#include "exported_structs.h"
#include "open_reader.h"

namespace packed::binding {
namespace {

/// \brief A reader as other libraries see it, on whatever thread they are.
///
/// Shares the position of the JavaScript reader, and the lock with its calls.
class ExportedReader final : public arrow::RecordBatchReader {
 public:
  explicit ExportedReader(std::shared_ptr<OpenReader> share) : share_(std::move(share)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return share_->source->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    return share_->ReadNext().Value(batch);
  }

 private:
  const std::shared_ptr<OpenReader> share_;
};

}  // namespace

CallResult ReaderExportStream(const Call& call) {
  ARROW_ASSIGN_OR_RAISE(auto share, FromHandle<OpenReader>(call[0]));
  ArrowArrayStream* stream = nullptr;
  const int64_t address = PublishStruct(&stream);
  ARROW_RETURN_NOT_OK(
      arrow::ExportRecordBatchReader(std::make_shared<ExportedReader>(std::move(share)), stream));
  return Napi::BigInt::New(call.env(), address);
}

}  // namespace packed::binding
