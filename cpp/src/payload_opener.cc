#include "payload_opener.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/scalar.h"

#include "default_value.h"
#include "field_error.h"
#include "footer.h"
#include "io_for_each.h"
#include "lane_join.h"
#include "packed/executor.h"
#include "packed/format.h"
#include "payload_file.h"
#include "reader_options.h"

namespace packed {
namespace {

/// \brief One payload, its footer read and its column matched with `field`.
///
/// The file around it is closed again until its rows are wanted.
arrow::Result<std::shared_ptr<const FileProjection>> OpenPayload(
    const Payload& payload, int position, const std::shared_ptr<arrow::Field>& field,
    const std::shared_ptr<FileStore>& store, const CancelToken& cancel) {
  const ErrorContext context{payload.path, field->name()};
  auto projection = std::make_shared<FileProjection>();
  ARROW_ASSIGN_OR_RAISE(auto file, OpenPayloadFile(payload, store, cancel));
  ARROW_ASSIGN_OR_RAISE(Footer footer, ReadFooterOf(file, payload.path, FooterPolicy::kLenient));
  file->Suspend();
  if (position < 0 || position >= static_cast<int>(footer.columns.size())) {
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected a column at position " + std::to_string(position) + " for field " +
                         field->name() + " but received a payload of " +
                         std::to_string(footer.columns.size()) + " columns",
                     context);
  }
  const FileColumn& stored = footer.columns[position];
  auto restore = FindRestore(stored.field->type(), field->type());
  if (!restore) {
    return MakeError(ErrorCode::kTypeMismatch,
                     "Expected a type that " + stored.field->type()->ToString() +
                         " can be restored to for field " + field->name() + " but received " +
                         field->type()->ToString(),
                     context);
  }
  projection->columns = {position};
  projection->leaves = stored.leaves;
  projection->outputs = {{0, field, std::move(*restore), {}}};
  projection->footer = std::make_shared<const Footer>(std::move(footer));
  return projection;
}

/// Opens every payload, several at a time, and joins what they have.
class PayloadOpener {
 public:
  PayloadOpener(const arrow::Schema& schema, std::vector<PayloadColumn> columns,
                const PayloadReaderOptions& options, std::shared_ptr<FileStore> store)
      : fields_(schema.fields()),
        metadata_(schema.metadata()),
        columns_(std::move(columns)),
        options_(options),
        store_(std::move(store)),
        opened_(columns_.size()) {}

  arrow::Result<OpenedPayloads> Open() {
    ARROW_RETURN_NOT_OK(OpenFiles());
    ARROW_ASSIGN_OR_RAISE(const int64_t rows, CommonRows());
    std::vector<OutputColumn> outputs(columns_.size());
    std::vector<LaneFiles> lanes;
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (opened_[i].empty()) {
        ARROW_ASSIGN_OR_RAISE(outputs[i].value, DefaultValue(options_.defaults.get(), &fields_[i]));
        continue;
      }
      outputs[i].file = static_cast<int>(lanes.size());
      outputs[i].slot = 0;
      lanes.push_back(std::move(opened_[i]));
    }
    auto meter = std::make_shared<FilterMeter>();
    auto join =
        std::make_unique<LaneJoin>(arrow::schema(fields_, metadata_), std::move(outputs),
                                   std::move(lanes), rows, Limits(), meter, options_.cancel);
    return OpenedPayloads{std::move(join), rows, std::move(meter)};
  }

 private:
  arrow::Status OpenFiles() {
    std::vector<std::pair<size_t, size_t>> places;
    for (size_t i = 0; i < columns_.size(); ++i) {
      opened_[i].resize(columns_[i].payloads.size());
      for (size_t j = 0; j < opened_[i].size(); ++j) places.emplace_back(i, j);
    }
    const auto count = static_cast<int>(places.size());
    const auto open = [&](int k) { return OpenFile(places[k].first, places[k].second); };
    if (!store_ || !store_->remote()) return ParallelFor(count, 0, open);
    // Left by nobody before the last has ended: the files themselves are told to cancel.
    return IoForEach(count, CancelToken(), open);
  }

  arrow::Status OpenFile(size_t i, size_t j) {
    ARROW_RETURN_NOT_OK(options_.cancel.Check());
    const Payload& payload = columns_[i].payloads[j];
    auto opened = OpenPayload(payload, columns_[i].column, fields_[i], store_, options_.cancel);
    if (!opened.ok()) {
      return WithContext(opened.status(), ErrorCode::kFileCorrupted,
                         {payload.path, fields_[i]->name()});
    }
    opened_[i][j] = opened.MoveValueUnsafe();
    return arrow::Status::OK();
  }

  static arrow::Result<int64_t> RowsOf(const LaneFiles& lane, const std::string& field) {
    int64_t rows = 0;
    for (const auto& payload : lane) {
      if (__builtin_add_overflow(rows, payload.file->footer->info.rows, &rows)) {
        return FieldError(ErrorCode::kFileCorrupted,
                          "Expected a number of rows for field " + field +
                              " but received more than an int64 holds",
                          field);
      }
    }
    return rows;
  }

  /// The rows that every column with payloads has.
  arrow::Result<int64_t> CommonRows() const {
    int64_t rows = options_.rows;
    const arrow::Field* first = nullptr;
    for (size_t i = 0; i < opened_.size(); ++i) {
      if (opened_[i].empty()) continue;
      const std::string& name = fields_[i]->name();
      ARROW_ASSIGN_OR_RAISE(const int64_t own, RowsOf(opened_[i], name));
      if (first == nullptr) {
        first = fields_[i].get();
        rows = own;
      } else if (own != rows) {
        return MakeError(ErrorCode::kFileCorrupted,
                         "Expected " + std::to_string(rows) + " rows (as field " + first->name() +
                             " has) for field " + name + " but received " + std::to_string(own),
                         {columns_[i].payloads.front().path, name});
      }
    }
    return rows;
  }

  JoinLimits Limits() const {
    ReaderOptions budget;
    budget.buffer_bytes = options_.buffer_bytes;
    return {options_.batch_rows, options_.batch_bytes, BufferBytes(budget), BufferBytes(budget)};
  }

  arrow::FieldVector fields_;
  const std::shared_ptr<const arrow::KeyValueMetadata> metadata_;
  const std::vector<PayloadColumn> columns_;
  const PayloadReaderOptions& options_;
  const std::shared_ptr<FileStore> store_;
  std::vector<LaneFiles> opened_;
};

}  // namespace

arrow::Result<OpenedPayloads> JoinPayloads(const arrow::Schema& schema,
                                           std::vector<PayloadColumn> columns,
                                           const PayloadReaderOptions& options,
                                           std::shared_ptr<FileStore> store) {
  return PayloadOpener(schema, std::move(columns), options, std::move(store)).Open();
}

}  // namespace packed
