#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "arrow/util/key_value_metadata.h"

#include "catch.h"
#include "field_error.h"
#include "filter_bind.h"
#include "filter_source.h"
#include "packed/error.h"
#include "packed/format.h"
#include "packed/payload.h"
#include "payload_opener.h"
#include "reader_options.h"

namespace packed {
namespace {

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
  ARROW_ASSIGN_OR_RAISE(OpenedPayloads payloads,
                        JoinPayloads(arrow::Schema(std::move(fields), schema.metadata()),
                                     std::move(opened), options, std::move(store)));
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
