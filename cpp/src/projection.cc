#include "projection.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "arrow/util/checked_cast.h"
#include "arrow/util/key_value_metadata.h"

#include "packed/error.h"
#include "reader_options.h"
#include "wanted_column.h"

namespace packed {
namespace {

using Wanted = WantedColumn;

arrow::Status FieldError(ErrorCode code, const std::string& message, const std::string& field) {
  return MakeError(code, message, {"", field});
}

arrow::Result<std::optional<int64_t>> OptionalId(const arrow::Field& field) {
  if (!field.HasMetadata() || !field.metadata()->Contains(kFieldIdKey)) {
    return std::nullopt;
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t id, FieldIdOf(field));
  return id;
}

/// By field id where both sides have one, by name otherwise.
arrow::Result<ColumnSource> FindStored(const FileSet& set, const arrow::Field& field,
                                       const std::optional<int64_t>& id, bool by_name) {
  ColumnSource found;
  for (int f = 0; f < static_cast<int>(set.files.size()); ++f) {
    const auto& columns = set.files[f]->columns;
    for (int c = 0; c < static_cast<int>(columns.size()); ++c) {
      const bool by_id = !by_name && id.has_value() && columns[c].id.has_value();
      const bool same = by_id ? *id == *columns[c].id : field.name() == columns[c].field->name();
      if (!same) continue;
      if (found.file >= 0) {
        return FieldError(ErrorCode::kInvalidArgument,
                          "Expected one stored column for field " + field.name() +
                              " but received several of that name: give its field id",
                          field.name());
      }
      found = {f, c};
    }
  }
  return found;
}

/// A field of a group whose file is not among the paths is an oversight, not a missing field.
arrow::Status CheckGroupGiven(const FileSet& set, const Wanted& wanted) {
  if (wanted.source.file >= 0 || !wanted.id) return arrow::Status::OK();
  for (size_t g = 0; g < set.groups.size(); ++g) {
    const auto& ids = set.groups[g];
    if (std::find(ids.begin(), ids.end(), *wanted.id) == ids.end()) continue;
    return FieldError(ErrorCode::kInvalidArgument,
                      "Expected the path of group " + std::to_string(g) + " for field " +
                          wanted.field->name() + " (id " + std::to_string(*wanted.id) +
                          ") but received paths of other groups only",
                      wanted.field->name());
  }
  return arrow::Status::OK();
}

arrow::Result<std::vector<Wanted>> FieldsOfSchema(const FileSet& set, const arrow::Schema& schema,
                                                  bool by_name) {
  std::vector<Wanted> all;
  for (const auto& field : schema.fields()) {
    Wanted wanted{field, {}, {}, {}};
    ARROW_ASSIGN_OR_RAISE(wanted.id, OptionalId(*field));
    ARROW_ASSIGN_OR_RAISE(wanted.source, FindStored(set, *field, wanted.id, by_name));
    if (!wanted.id && wanted.source.file >= 0) wanted.id = set.column(wanted.source).id;
    all.push_back(std::move(wanted));
  }
  return all;
}

std::vector<Wanted> FieldsOfFiles(const FileSet& set) {
  std::vector<Wanted> all;
  for (int f = 0; f < static_cast<int>(set.files.size()); ++f) {
    const auto& columns = set.files[f]->columns;
    for (int c = 0; c < static_cast<int>(columns.size()); ++c) {
      all.push_back({columns[c].field, columns[c].id, {f, c}, {}});
    }
  }
  return all;
}

/// The columns of the files; those without an id have that of the field that is read from them.
std::vector<Wanted> StoredFields(const FileSet& set, const std::vector<Wanted>& fields,
                                 const ReaderOptions& options) {
  std::vector<Wanted> all = FieldsOfFiles(set);
  for (Wanted& stored : all) {
    if (stored.id && !options.by_name) continue;
    const auto reader = std::find_if(fields.begin(), fields.end(), [&](const Wanted& wanted) {
      return wanted.source.file == stored.source.file &&
             wanted.source.column == stored.source.column;
    });
    if (reader != fields.end()) stored.id = reader->id;
  }
  return all;
}

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

std::string ToText(const ColumnRef& ref) {
  if (const auto* name = std::get_if<std::string>(&ref)) return *name;
  return std::to_string(std::get<int64_t>(ref));
}

bool Matches(const Wanted& wanted, const ColumnRef& ref) {
  if (const auto* name = std::get_if<std::string>(&ref)) return wanted.field->name() == *name;
  return wanted.id == std::get<int64_t>(ref);
}

/// A column of a group whose path was not given can only be named by its id.
arrow::Status UnknownColumn(const FileSet& set, const ColumnRef& ref) {
  const std::string text = ToText(ref);
  if (const auto* id = std::get_if<int64_t>(&ref)) {
    ARROW_RETURN_NOT_OK(
        CheckGroupGiven(set, {arrow::field(text, arrow::null()), *id, ColumnSource{}, {}}));
  }
  return FieldError(ErrorCode::kInvalidArgument, "Expected a known column but received " + text,
                    text);
}

arrow::Result<std::vector<Wanted>> Select(const FileSet& set, const std::vector<Wanted>& all,
                                          const std::vector<ColumnRef>& refs) {
  if (refs.empty()) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected at least one column but received an empty list");
  }
  std::vector<Wanted> selected;
  std::set<size_t> taken;
  for (const auto& ref : refs) {
    std::optional<size_t> found;
    for (size_t i = 0; i < all.size(); ++i) {
      if (!Matches(all[i], ref)) continue;
      if (found) {
        return FieldError(ErrorCode::kInvalidArgument,
                          "Expected one column for " + ToText(ref) + " but received several",
                          ToText(ref));
      }
      found = i;
    }
    if (!found) return UnknownColumn(set, ref);
    if (!taken.insert(*found).second) {
      return FieldError(ErrorCode::kInvalidArgument,
                        "Expected distinct columns but received " + ToText(ref) + " twice",
                        all[*found].field->name());
    }
    selected.push_back(all[*found]);
  }
  return selected;
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

/// The value that stands in for a field that no file has; makes the field nullable for a null.
arrow::Status FillMissing(const ReaderOptions& options, Wanted* wanted, OutputColumn* output) {
  const auto& name = wanted->field->name();
  const auto& type = wanted->field->type();
  const auto given = options.defaults ? options.defaults->GetColumnByName(name) : nullptr;
  if (given) {
    if (!given->type()->Equals(*type)) {
      return FieldError(ErrorCode::kTypeMismatch,
                        "Expected a default of type " + type->ToString() + " for field " + name +
                            " but received " + given->type()->ToString(),
                        name);
    }
    ARROW_ASSIGN_OR_RAISE(output->value, given->GetScalar(0));
  } else {
    output->value = arrow::MakeNullScalar(type);
  }
  if (!output->value->is_valid) wanted->field = wanted->field->WithNullable(true);
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

/// The columns `names` of `fields`, or of the files.
arrow::Result<std::vector<Wanted>> SelectNamed(const FileSet& set,
                                               const std::vector<Wanted>& fields,
                                               const std::vector<std::string>& names) {
  std::vector<Wanted> all = fields;
  for (Wanted& stored : FieldsOfFiles(set)) {
    const bool known = std::any_of(fields.begin(), fields.end(), [&](const Wanted& wanted) {
      return wanted.field->name() == stored.field->name();
    });
    if (!known) all.push_back(std::move(stored));
  }
  return Select(set, all, {names.begin(), names.end()});
}

/// What is appended to the answer, of whose fields none was left out yet.
arrow::Result<std::vector<Wanted>> SelectAppended(const FileSet& set,
                                                  const std::vector<Wanted>& fields,
                                                  const ReaderOptions& options,
                                                  const AppendedColumns& appended) {
  std::vector<Wanted> selected;
  if (!appended.named.empty()) {
    ARROW_ASSIGN_OR_RAISE(selected, SelectNamed(set, fields, appended.named));
  }
  if (!appended.stored.empty()) {
    ARROW_ASSIGN_OR_RAISE(auto stored, Select(set, StoredFields(set, fields, options),
                                              {appended.stored.begin(), appended.stored.end()}));
    std::move(stored.begin(), stored.end(), std::back_inserter(selected));
  }
  return selected;
}

}  // namespace

arrow::Result<Projection> MakeProjection(const FileSet& set, const ReaderOptions& options,
                                         const AppendedColumns& appended) {
  std::vector<Wanted> fields;
  if (options.schema) {
    ARROW_ASSIGN_OR_RAISE(fields, FieldsOfSchema(set, *options.schema, options.by_name));
  } else {
    fields = FieldsOfFiles(set);
  }
  ARROW_ASSIGN_OR_RAISE(auto more, SelectAppended(set, fields, options, appended));
  if (options.defaults) ARROW_RETURN_NOT_OK(CheckDefaults(*options.defaults, fields));
  if (options.columns) {
    ARROW_ASSIGN_OR_RAISE(fields, Select(set, fields, *options.columns));
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
      ARROW_RETURN_NOT_OK(FillMissing(options, &wanted, &output));
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
