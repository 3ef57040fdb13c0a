#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "arrow/scalar.h"
#include "arrow/util/key_value_metadata.h"

#include "catch.h"
#include "filter_bind.h"
#include "filter_source.h"
#include "footer.h"
#include "io_for_each.h"
#include "lane_join.h"
#include "packed/error.h"
#include "packed/executor.h"
#include "packed/format.h"
#include "packed/payload.h"
#include "payload_file.h"
#include "reader_options.h"

namespace packed {
namespace {

arrow::Status FieldError(ErrorCode code, const std::string& message, const std::string& field) {
  return MakeError(code, message, {"", field});
}

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

/// The value of a field without payloads; makes the field nullable where that is null.
arrow::Result<std::shared_ptr<arrow::Scalar>> ConstantOf(const arrow::RecordBatch* defaults,
                                                         std::shared_ptr<arrow::Field>* field) {
  const std::string& name = (*field)->name();
  const auto& type = (*field)->type();
  const auto given = defaults != nullptr ? defaults->GetColumnByName(name) : nullptr;
  std::shared_ptr<arrow::Scalar> value = arrow::MakeNullScalar(type);
  if (given) {
    if (!given->type()->Equals(*type)) {
      return FieldError(ErrorCode::kTypeMismatch,
                        "Expected a default of type " + type->ToString() + " for field " + name +
                            " but received " + given->type()->ToString(),
                        name);
    }
    ARROW_ASSIGN_OR_RAISE(value, given->GetScalar(0));
  }
  if (!value->is_valid) *field = (*field)->WithNullable(true);
  return value;
}

arrow::Status CheckArguments(const arrow::Schema* schema, const std::vector<PayloadColumn>& columns,
                             const PayloadReaderOptions& options) {
  const size_t fields = schema != nullptr ? schema->num_fields() : 0;
  if (fields == 0 || columns.size() != fields) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected a column for each of " + std::to_string(fields) +
                         " fields but received " + std::to_string(columns.size()));
  }
  if (options.rows < 0) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected at least 0 rows but received " + std::to_string(options.rows));
  }
  if (options.defaults && options.defaults->num_rows() != 1) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected one row for defaults but received " +
                                                      std::to_string(options.defaults->num_rows()));
  }
  ReaderOptions limits;
  limits.batch_rows = options.batch_rows;
  limits.batch_bytes = options.batch_bytes;
  return CheckReaderOptions(limits);
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
        ARROW_ASSIGN_OR_RAISE(outputs[i].value, ConstantOf(options_.defaults.get(), &fields_[i]));
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

/// Which columns are opened, and which of them come out.
struct Selection {
  std::vector<int> opened;  ///< positions in the schema; those that come out are first
  size_t output = 0;        ///< how many of them come out
  int key = -1;             ///< positions in `opened`
  int timestamp = -1;

  /// \brief The position in `opened` of a column, which is appended where it is missing.
  int Need(int column) {
    const auto found = std::find(opened.begin(), opened.end(), column);
    if (found != opened.end()) return static_cast<int>(found - opened.begin());
    opened.push_back(column);
    return static_cast<int>(opened.size()) - 1;
  }
};

arrow::Result<int> FindField(const arrow::Schema& schema, int64_t id) {
  for (int i = 0; i < schema.num_fields(); ++i) {
    const auto& field = *schema.field(i);
    const bool has_id = field.HasMetadata() && field.metadata()->Contains(kFieldIdKey);
    if (!has_id) continue;
    ARROW_ASSIGN_OR_RAISE(const int64_t own, FieldIdOf(field));
    if (own == id) return i;
  }
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected a field with id " + std::to_string(id) +
                       " in the schema for visibility but received none");
}

arrow::Status NeedFiltered(const arrow::Schema& schema, const Filter& filter,
                           Selection* selection) {
  for (const std::string& name : ColumnsOf(filter)) {
    const int column = schema.GetFieldIndex(name);
    if (column < 0) {
      return FieldError(ErrorCode::kInvalidArgument,
                        "Expected a known column for the filter but received " + name, name);
    }
    selection->Need(column);
  }
  return arrow::Status::OK();
}

arrow::Result<Selection> Select(const arrow::Schema& schema, const PayloadReaderOptions& options) {
  Selection selection;
  if (options.output) {
    for (const int column : *options.output) {
      const int last = schema.num_fields() - 1;
      if (column < 0 || column > last) {
        return MakeError(ErrorCode::kInvalidArgument, "Expected output columns from 0 to " +
                                                          std::to_string(last) + " but received " +
                                                          std::to_string(column));
      }
      if (selection.Need(column) != static_cast<int>(selection.output)) {
        return FieldError(ErrorCode::kInvalidArgument,
                          "Expected distinct output columns but received " +
                              schema.field(column)->name() + " twice",
                          schema.field(column)->name());
      }
      ++selection.output;
    }
  } else {
    for (int i = 0; i < schema.num_fields(); ++i) selection.opened.push_back(i);
    selection.output = selection.opened.size();
  }
  if (options.filter) ARROW_RETURN_NOT_OK(NeedFiltered(schema, *options.filter, &selection));
  if (options.visible) {
    ARROW_ASSIGN_OR_RAISE(const int key, FindField(schema, options.visible->key_field));
    ARROW_ASSIGN_OR_RAISE(const int timestamp, FindField(schema, options.visible->timestamp_field));
    selection.key = selection.Need(key);
    selection.timestamp = selection.Need(timestamp);
  }
  return selection;
}

arrow::Result<OpenedPayloads> OpenSelected(const arrow::Schema& schema,
                                           std::vector<PayloadColumn> columns,
                                           const PayloadReaderOptions& options,
                                           std::shared_ptr<FileStore> store) {
  ARROW_ASSIGN_OR_RAISE(const Selection selection, Select(schema, options));
  arrow::FieldVector fields;
  std::vector<PayloadColumn> opened;
  for (const int column : selection.opened) {
    fields.push_back(schema.field(column));
    opened.push_back(std::move(columns[column]));
  }
  PayloadOpener opener(arrow::Schema(std::move(fields), schema.metadata()), std::move(opened),
                       options, std::move(store));
  ARROW_ASSIGN_OR_RAISE(OpenedPayloads payloads, opener.Open());
  std::vector<int> output(selection.output);
  std::iota(output.begin(), output.end(), 0);
  if (options.visible) {
    std::vector<int> left = output;
    if (options.filter) {
      left.resize(selection.opened.size());
      std::iota(left.begin(), left.end(), 0);
    }
    payloads.source = FilterVisible(std::move(payloads.source), options.visible->filter,
                                    selection.key, selection.timestamp, std::move(left));
  }
  if (options.filter) {
    ARROW_ASSIGN_OR_RAISE(auto filter, BindFilter(*options.filter, *payloads.source->schema()));
    std::vector<int> columns(selection.opened.size());
    std::iota(columns.begin(), columns.end(), 0);
    payloads.source = FilterRows(std::move(payloads.source), std::move(filter), std::move(columns),
                                 std::move(output), payloads.meter);
  }
  return payloads;
}

}  // namespace

arrow::Result<OpenedPayloads> OpenPayloads(std::shared_ptr<arrow::Schema> schema,
                                           std::vector<PayloadColumn> columns,
                                           PayloadReaderOptions options,
                                           std::shared_ptr<FileStore> store) {
  return CatchAll([&]() -> arrow::Result<OpenedPayloads> {
    ARROW_RETURN_NOT_OK(CheckArguments(schema.get(), columns, options));
    return OpenSelected(*schema, std::move(columns), options, std::move(store));
  });
}

}  // namespace packed
