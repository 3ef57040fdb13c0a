#include "projection.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "arrow/util/checked_cast.h"

#include "default_value.h"
#include "field_error.h"
#include "reader_options.h"
#include "select_columns.h"
#include "wanted_column.h"

namespace packed {
namespace {

using Wanted = WantedColumn;

/// Dense vectors as lists, for columns that are in the answer and have no requested type.
arrow::Status TakeVectorForm(std::vector<Wanted>* fields) {
  for (auto& wanted : *fields) {
    const auto& type = wanted.field->type();
    if (type->id() != arrow::Type::FIXED_SIZE_BINARY || wanted.quantized) continue;
    auto list =
        VectorListType(arrow::internal::checked_cast<const arrow::FixedSizeBinaryType&>(*type));
    if (!list) {
      return FieldError(ErrorCode::kTypeMismatch,
                        "Expected a width that is a multiple of 4 for vector field " +
                            wanted.field->name() + " but received " + type->ToString(),
                        wanted.field->name());
    }
    wanted.field = wanted.field->WithType(list);
  }
  return arrow::Status::OK();
}

arrow::Status CheckDefaults(const arrow::RecordBatch& defaults, const std::vector<Wanted>& all) {
  if (defaults.num_rows() != 1) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected one row for defaults but received " +
                                                      std::to_string(defaults.num_rows()));
  }
  std::set<std::string> seen;
  for (const auto& field : defaults.schema()->fields()) {
    const bool known = std::any_of(all.begin(), all.end(), [&](const Wanted& wanted) {
      return wanted.field->name() == field->name();
    });
    if (known && seen.insert(field->name()).second) continue;
    return FieldError(
        ErrorCode::kInvalidArgument,
        "Expected defaults for distinct fields of the read schema but received " + field->name(),
        field->name());
  }
  return arrow::Status::OK();
}

arrow::Result<Restore> RestoreFor(const FileSet& set, const Wanted& wanted) {
  const auto& stored = set.column(wanted.source).field->type();
  if (wanted.quantized && wanted.quantized->scale) {
    return DequantizeBy(*wanted.quantized->scale, wanted.field->type());
  }
  auto restore = FindRestore(stored, wanted.field->type());
  if (restore) return std::move(*restore);
  return MakeError(ErrorCode::kTypeMismatch,
                   "Expected a type that " + stored->ToString() + " can be restored to for field " +
                       wanted.field->name() + " but received " + wanted.field->type()->ToString(),
                   {set.files[wanted.source.file]->path(), wanted.field->name()});
}

/// Collects what is decoded of each file; columns of a file come decoded in file order.
class PlanBuilder {
 public:
  PlanBuilder(const FileSet& set, const std::vector<Wanted>& fields, bool own_pages) : set_(set) {
    std::map<int, std::set<int>> columns;
    for (const auto& wanted : fields) {
      if (wanted.source.file >= 0) columns[wanted.source.file].insert(wanted.source.column);
    }
    for (const auto& [file, positions] : columns) {
      index_[file] = static_cast<int>(files_.size());
      auto plan = std::make_shared<FileProjection>();
      plan->footer = set.files[file];
      plan->own_pages = own_pages;
      plan->columns.assign(positions.begin(), positions.end());
      for (const int position : positions) {
        const auto& leaves = plan->footer->columns[position].leaves;
        plan->leaves.insert(plan->leaves.end(), leaves.begin(), leaves.end());
      }
      files_.push_back(std::move(plan));
    }
  }

  arrow::Status Add(const Wanted& wanted, OutputColumn* output) {
    ARROW_ASSIGN_OR_RAISE(auto restore, RestoreFor(set_, wanted));
    output->file = index_.at(wanted.source.file);
    FileProjection& plan = *files_[output->file];
    const auto position =
        std::lower_bound(plan.columns.begin(), plan.columns.end(), wanted.source.column);
    output->slot = static_cast<int>(plan.outputs.size());
    plan.outputs.push_back({static_cast<int>(position - plan.columns.begin()), wanted.field,
                            std::move(restore), wanted.quantized});
    return arrow::Status::OK();
  }

  std::vector<std::shared_ptr<const FileProjection>> Finish() {
    return {files_.begin(), files_.end()};
  }

 private:
  const FileSet& set_;
  std::map<int, int> index_;
  std::vector<std::shared_ptr<FileProjection>> files_;
};

}  // namespace

arrow::Result<Projection> MakeProjection(const FileSet& set, const ReaderOptions& options,
                                         const AppendedColumns& appended) {
  ARROW_ASSIGN_OR_RAISE(auto fields, AllColumns(set, options));
  ARROW_ASSIGN_OR_RAISE(auto more, SelectAppended(set, fields, options, appended));
  if (options.defaults) ARROW_RETURN_NOT_OK(CheckDefaults(*options.defaults, fields));
  if (options.columns) {
    ARROW_ASSIGN_OR_RAISE(fields, SelectColumns(set, fields, *options.columns));
  }
  Projection projection;
  ARROW_ASSIGN_OR_RAISE(projection.dequantization, TakeQuantized(set, options, &fields));
  const size_t answered = fields.size() - projection.dequantization.columns.size();
  if (!options.schema && options.vectors == VectorForm::kFixedSizeList) {
    ARROW_RETURN_NOT_OK(TakeVectorForm(&fields));
  }
  std::move(more.begin(), more.end(), std::back_inserter(fields));
  PlanBuilder plan(set, fields, OwnPages(options));
  arrow::FieldVector output_fields;
  for (auto& wanted : fields) {
    ARROW_RETURN_NOT_OK(CheckGroupGiven(set, wanted));
    OutputColumn output;
    if (wanted.source.file >= 0) {
      ARROW_RETURN_NOT_OK(plan.Add(wanted, &output));
    } else {
      ARROW_ASSIGN_OR_RAISE(output.value, DefaultValue(options.defaults.get(), &wanted.field));
    }
    projection.columns.push_back(std::move(output));
    output_fields.push_back(wanted.field);
  }
  projection.files = plan.Finish();
  const auto metadata = options.schema ? options.schema->metadata() : nullptr;
  projection.schema = arrow::schema(std::move(output_fields), metadata);
  projection.dequantization.SetAnswer(*projection.schema, static_cast<int>(answered));
  return projection;
}

}  // namespace packed
