#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "arrow/util/key_value_metadata.h"

#include "group_files.h"
#include "packed/error.h"
#include "reader_options.h"

namespace packed {
namespace {

using Groups = std::vector<std::shared_ptr<GroupFiles>>;

/// Files of a group that are kept open, at least: each has its turn soon.
constexpr size_t kLeastKept = 16;
/// Of the local disk, where opening again costs little and descriptors are few.
constexpr size_t kMostKeptLocal = 32;

/// What came with the opening of remote files is held within the budget of the reader.
size_t MostKept(const ReaderOptions& options, bool remote, size_t groups) {
  if (!remote) return kMostKeptLocal;
  const auto files = static_cast<size_t>(BufferBytes(options) / TailBytes(0));
  return std::max(kLeastKept, files / groups);
}

arrow::Status CheckWindow(const FileWindow& window) {
  const bool ordered = window.end < 0 || window.start < window.end;
  if (window.start >= 0 && ordered && window.end >= -1 && !window.path.empty()) {
    return arrow::Status::OK();
  }
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected 0 <= start < end for the rows of " + window.path +
                       " but received start " + std::to_string(window.start) + " and end " +
                       std::to_string(window.end),
                   {window.path, ""});
}

arrow::Status CheckGroups(const std::vector<FileGroup>& groups, const ReaderOptions& options) {
  bool any = false;
  for (const FileGroup& group : groups) {
    any = any || !group.files.empty();
    int64_t rows = 0;
    for (const FileWindow& window : group.files) {
      ARROW_RETURN_NOT_OK(CheckWindow(window));
      if (__builtin_add_overflow(rows, std::max<int64_t>(window.end, 0), &rows)) {
        return MakeError(ErrorCode::kInvalidArgument,
                         "Expected rows that an int64 counts but received more with " + window.path,
                         {window.path, ""});
      }
    }
  }
  if (any || options.schema) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected at least one file or a read schema but received neither");
}

std::string Describe(const GroupFiles& group) {
  const auto& windows = group.windows();
  std::string text = "column group " + std::to_string(group.index()) + " (";
  text += windows.empty() ? "no file" : windows.front().path;
  if (windows.size() > 1) text += " and " + std::to_string(windows.size() - 1) + " more";
  return text + ")";
}

arrow::Status CheckRows(const Groups& groups) {
  const GroupFiles* first = nullptr;
  for (const auto& group : groups) {
    if (!group->counted()) continue;
    if (first == nullptr) first = group.get();
    if (group->rows() == first->rows()) continue;
    const auto& windows = group->windows();
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected equal row counts but received " + std::to_string(first->rows()) +
                         " in " + Describe(*first) + " and " + std::to_string(group->rows()) +
                         " in " + Describe(*group),
                     {windows.empty() ? "" : windows.front().path, ""});
  }
  return arrow::Status::OK();
}

/// Reads the footers of windows whose end nobody has said.
arrow::Status CountAll(const Groups& groups, const CancelToken& cancel) {
  std::vector<WindowRef> windows;
  for (const auto& group : groups) {
    for (size_t i = 0; i < group->windows().size(); ++i) {
      if (group->windows()[i].end < 0) windows.push_back({group, i});
    }
  }
  return ForEachWindow(windows, cancel,
                       [](const WindowRef& ref, size_t) { return ref.group->Count(ref.window); });
}

/// Names of the columns that are asked for; nothing where names do not tell.
std::optional<std::set<std::string>> NamesWanted(const ReaderOptions& options,
                                                 const AppendedColumns& appended) {
  std::vector<ColumnRef> wanted(appended.named.begin(), appended.named.end());
  wanted.insert(wanted.end(), appended.stored.begin(), appended.stored.end());
  if (options.columns) {
    wanted.insert(wanted.end(), options.columns->begin(), options.columns->end());
  } else if (options.schema) {
    for (const auto& name : options.schema->field_names()) wanted.emplace_back(name);
  } else {
    return std::nullopt;
  }
  std::set<std::string> names;
  for (const ColumnRef& ref : wanted) {
    if (const auto* name = std::get_if<std::string>(&ref)) {
      names.insert(*name);
      continue;
    }
    const std::string id = std::to_string(std::get<int64_t>(ref));
    if (!options.schema) return std::nullopt;
    const auto& fields = options.schema->fields();
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& field) {
      return field->HasMetadata() && field->metadata()->Get(kFieldIdKey).ValueOr("") == id;
    });
    if (found == fields.end()) return std::nullopt;
    names.insert((*found)->name());
  }
  return names;
}

/// The groups of which the first footer has to be read.
Groups GroupsWith(const Groups& groups, const std::optional<std::set<std::string>>& names) {
  Groups chosen;
  for (const auto& group : groups) {
    if (group->windows().empty()) continue;
    const bool may = !names || std::any_of(names->begin(), names->end(),
                                           [&](const auto& name) { return group->MayHave(name); });
    if (may) chosen.push_back(group);
  }
  return chosen;
}

/// A column that only ids could still find in a group that was not opened.
bool MissesId(const Projection& projection, const ReaderOptions& options) {
  if (options.by_name) return false;
  for (size_t i = 0; i < projection.columns.size(); ++i) {
    const auto& field = projection.schema->field(static_cast<int>(i));
    const bool has_id = field->HasMetadata() && field->metadata()->Contains(kFieldIdKey);
    if (projection.columns[i].file < 0 && has_id) return true;
  }
  return false;
}

/// Whether vectors of a file are decoded by scales that may be in a group that was not opened.
bool MayMissScales(const FileSet& set, const ReaderOptions& options) {
  if (options.quantized == QuantizedForm::kRaw) return false;
  return std::any_of(set.files.begin(), set.files.end(), [](const auto& footer) {
    const auto quantized = QuantizedColumns(*footer);
    return quantized.ok() && std::any_of(quantized->begin(), quantized->end(),
                                         [](const auto& field) { return !field.scale; });
  });
}

/// Without a schema the names have to tell the columns of the answer apart.
arrow::Status CheckNames(const FileSet& set) {
  std::map<std::string, const Footer*> names;
  for (const auto& footer : set.files) {
    for (const auto& column : footer->columns) {
      const std::string& name = column.field->name();
      const auto [other, added] = names.emplace(name, footer.get());
      if (added) continue;
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected column " + name + " in one place but received it in " +
                           other->second->path() + " and " + footer->path(),
                       {footer->path(), name});
    }
  }
  return arrow::Status::OK();
}

/// Columns that are asked for and that the group is said to have.
arrow::Status CheckListed(const GroupFiles& group, const Footer& footer,
                          const std::optional<std::set<std::string>>& names) {
  if (!group.columns()) return arrow::Status::OK();
  for (const std::string& name : *group.columns()) {
    if (names && !names->contains(name)) continue;
    const bool there =
        std::any_of(footer.columns.begin(), footer.columns.end(),
                    [&](const FileColumn& column) { return column.field->name() == name; });
    if (there) continue;
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected column " + name + " (as its column group lists) for " +
                         footer.path() + " but received a file without it",
                     {footer.path(), name});
  }
  return arrow::Status::OK();
}

arrow::Result<FileSet> ReadFirst(const Groups& groups, const CancelToken& cancel) {
  std::vector<WindowRef> windows;
  for (const auto& group : groups) windows.push_back({group, 0});
  auto footers = std::make_shared<std::vector<std::shared_ptr<const Footer>>>(groups.size());
  ARROW_RETURN_NOT_OK(
      ForEachWindow(windows, cancel, [footers](const WindowRef& ref, size_t i) -> arrow::Status {
        ARROW_ASSIGN_OR_RAISE((*footers)[i], ref.group->ReadFooter(ref.window));
        return arrow::Status::OK();
      }));
  FileSet set;
  set.files = std::move(*footers);
  return set;
}

}  // namespace

arrow::Result<OpenedGroups> OpenGroups(std::vector<FileGroup> groups, const ReaderOptions& options,
                                       const std::shared_ptr<FileStore>& store,
                                       const AppendedColumns& appended) {
  ARROW_RETURN_NOT_OK(CheckGroups(groups, options));
  Groups all;
  all.reserve(groups.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    const size_t kept = MostKept(options, store->remote(), groups.size());
    all.push_back(std::make_shared<GroupFiles>(static_cast<int>(i), std::move(groups[i]), kept,
                                               options, store));
  }
  ARROW_RETURN_NOT_OK(CheckRows(all));
  ARROW_RETURN_NOT_OK(CountAll(all, options.cancel));
  ARROW_RETURN_NOT_OK(CheckRows(all));
  OpenedGroups opened;
  opened.rows = all.empty() ? 0 : all.front()->rows();
  const Groups every = GroupsWith(all, std::nullopt);
  const auto names = NamesWanted(options, appended);
  Groups chosen = GroupsWith(all, names);
  while (true) {
    ARROW_ASSIGN_OR_RAISE(FileSet set, ReadFirst(chosen, options.cancel));
    set.rows = opened.rows;
    for (size_t i = 0; i < chosen.size(); ++i) {
      ARROW_RETURN_NOT_OK(CheckListed(*chosen[i], *set.files[i], names));
    }
    if (!options.schema) ARROW_RETURN_NOT_OK(CheckNames(set));
    auto projection = MakeProjection(set, options, appended);
    if (!projection.ok() && chosen.size() < every.size() && MayMissScales(set, options)) {
      chosen = every;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(opened.projection, std::move(projection));
    if (chosen.size() == every.size() || !MissesId(opened.projection, options)) break;
    chosen = every;
  }
  for (const auto& plan : opened.projection.files) {
    const auto& group = all[plan->footer->info.group];
    group->Choose(plan);
    opened.read.push_back(group);
  }
  return opened;
}

}  // namespace packed
