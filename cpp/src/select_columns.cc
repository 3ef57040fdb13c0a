#include "select_columns.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "arrow/util/key_value_metadata.h"

#include "field_error.h"

namespace packed {
namespace {

using Wanted = WantedColumn;

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
  return SelectColumns(set, all, {names.begin(), names.end()});
}

}  // namespace

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

arrow::Result<std::vector<Wanted>> AllColumns(const FileSet& set, const ReaderOptions& options) {
  if (!options.schema) return FieldsOfFiles(set);
  return FieldsOfSchema(set, *options.schema, options.by_name);
}

arrow::Result<std::vector<Wanted>> SelectColumns(const FileSet& set, const std::vector<Wanted>& all,
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

arrow::Result<std::vector<Wanted>> SelectAppended(const FileSet& set,
                                                  const std::vector<Wanted>& fields,
                                                  const ReaderOptions& options,
                                                  const AppendedColumns& appended) {
  std::vector<Wanted> selected;
  if (!appended.named.empty()) {
    ARROW_ASSIGN_OR_RAISE(selected, SelectNamed(set, fields, appended.named));
  }
  if (!appended.stored.empty()) {
    ARROW_ASSIGN_OR_RAISE(auto stored,
                          SelectColumns(set, StoredFields(set, fields, options),
                                        {appended.stored.begin(), appended.stored.end()}));
    std::move(stored.begin(), stored.end(), std::back_inserter(selected));
  }
  return selected;
}

}  // namespace packed
