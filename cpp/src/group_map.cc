#include "group_map.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "arrow/util/key_value_metadata.h"

#include "io_for_each.h"
#include "packed/error.h"
#include "packed/executor.h"

namespace packed {
namespace {

arrow::Status MetadataError(const std::string& message, const std::string& path) {
  return MakeError(ErrorCode::kMetadataCorrupted, message, {path, ""});
}

/// How many of the file's columns carry a Parquet field id.
size_t CountIds(const Footer& footer) {
  return std::count_if(footer.columns.begin(), footer.columns.end(),
                       [](const FileColumn& column) { return column.id.has_value(); });
}

/// Files written before ids stood in the Parquet schema are told apart by their place alone:
/// path i holds group i, column j of it the j-th id.
arrow::Status AssignIdsByPosition(Footer* footer, int position) {
  const GroupFieldIds& groups = *footer->groups;
  if (position >= static_cast<int>(groups.size())) {
    return MetadataError("Expected one of " + std::to_string(groups.size()) + " groups for " +
                             footer->path() + " but received path number " +
                             std::to_string(position),
                         footer->path());
  }
  const std::vector<int64_t>& ids = groups[position];
  if (ids.size() != footer->columns.size()) {
    return MetadataError("Expected " + std::to_string(ids.size()) + " columns of group " +
                             std::to_string(position) + " for " + footer->path() +
                             " but received " + std::to_string(footer->columns.size()),
                         footer->path());
  }
  footer->info.group = position;
  if (footer->info.layout == FileLayout::kColumnOffsets) return arrow::Status::OK();
  for (size_t i = 0; i < ids.size(); ++i) {
    FileColumn& column = footer->columns[i];
    column.id = ids[i];
    column.field = column.field->WithMetadata(
        arrow::key_value_metadata({std::string(kFieldIdKey)}, {std::to_string(ids[i])}));
  }
  return arrow::Status::OK();
}

arrow::Status PlaceInGroup(Footer* footer, int position, const ReaderOptions& options) {
  if (!footer->groups) return arrow::Status::OK();
  const size_t with_id = CountIds(*footer);
  if (footer->info.layout == FileLayout::kColumnOffsets) {
    return AssignIdsByPosition(footer, position);
  }
  if (with_id == 0) {
    const bool older = footer->info.layout == FileLayout::kRowGroupSize;
    if (!older && !options.schema) {
      return MakeError(ErrorCode::kInvalidSchema,
                       "Expected Parquet field ids or a read schema for " + footer->path() +
                           " but received neither",
                       {footer->path(), ""});
    }
    return AssignIdsByPosition(footer, position);
  }
  footer->info.group = FindGroup(*footer);
  if (footer->info.group >= 0) return arrow::Status::OK();
  std::string ids;
  for (const auto& column : footer->columns) {
    ids += (ids.empty() ? "" : ",") + (column.id ? std::to_string(*column.id) : "none");
  }
  return MetadataError("Expected the field ids of one group of " +
                           SerializeGroupFieldIds(*footer->groups) + " for " + footer->path() +
                           " but received " + ids,
                       footer->path());
}

arrow::Status CheckPaths(const std::vector<std::string>& paths) {
  if (paths.empty()) {
    return MakeError(ErrorCode::kInvalidArgument, "Expected at least one path but received none");
  }
  std::set<std::string> seen;
  for (const auto& path : paths) {
    if (!seen.insert(path).second) {
      return MakeError(ErrorCode::kInvalidArgument,
                       "Expected distinct paths but received " + path + " twice", {path, ""});
    }
  }
  return arrow::Status::OK();
}

/// Totals, group lists and groups agree over all files.
arrow::Status CrossCheck(const std::vector<Footer>& footers, GroupFieldIds* groups) {
  const Footer& first = footers.front();
  const Footer* listed = nullptr;
  std::map<int, const Footer*> by_group;
  for (const auto& footer : footers) {
    if (footer.info.rows != first.info.rows) {
      return MakeError(ErrorCode::kFileCorrupted,
                       "Expected equal row counts but received " + std::to_string(first.info.rows) +
                           " in " + first.path() + " and " + std::to_string(footer.info.rows) +
                           " in " + footer.path(),
                       {footer.path(), ""});
    }
    if (footer.groups && footer.info.layout != FileLayout::kColumnOffsets) {
      if (listed && *listed->groups != *footer.groups) {
        return MetadataError("Expected the group_field_id_list of " + listed->path() + " (" +
                                 SerializeGroupFieldIds(*listed->groups) + ") for " +
                                 footer.path() + " but received " +
                                 SerializeGroupFieldIds(*footer.groups),
                             footer.path());
      }
      listed = &footer;
    }
    if (footer.info.group < 0) continue;
    const auto [other, added] = by_group.emplace(footer.info.group, &footer);
    if (!added) {
      return MetadataError("Expected one file for group " + std::to_string(footer.info.group) +
                               " but received " + other->second->path() + " and " + footer.path(),
                           footer.path());
    }
  }
  if (listed) *groups = *listed->groups;
  return arrow::Status::OK();
}

arrow::Status FoundTwice(const std::string& name, const Footer& one, const Footer& other) {
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected column " + name + " in one place but received it in " + one.path() +
                       " and " + other.path(),
                   {other.path(), name});
}

/// Ids tell columns apart; where a file has no group list, names have to as well.
arrow::Status CheckDistinctColumns(const std::vector<Footer>& footers) {
  std::map<std::string, const Footer*> names;
  std::map<int64_t, const Footer*> ids;
  for (const auto& footer : footers) {
    for (const auto& column : footer.columns) {
      const std::string& name = column.field->name();
      if (column.id) {
        const auto [entry, added] = ids.emplace(*column.id, &footer);
        if (!added) return FoundTwice(name, *entry->second, footer);
      }
      if (column.id && footer.groups) continue;
      const auto [entry, added] = names.emplace(name, &footer);
      if (!added) return FoundTwice(name, *entry->second, footer);
    }
  }
  return arrow::Status::OK();
}

arrow::Status CheckKnown(const std::vector<std::string>& paths, const ReaderOptions& options) {
  if (options.known.empty() || options.known.size() == paths.size()) return arrow::Status::OK();
  return MakeError(ErrorCode::kInvalidArgument,
                   "Expected what is known of " + std::to_string(paths.size()) +
                       " files but received it of " + std::to_string(options.known.size()));
}

/// What the opening of files needs and gives: it may outlive a caller who was cancelled.
struct Opening {
  std::vector<std::string> paths;
  ReaderOptions options;
  std::shared_ptr<FileStore> store;
  std::vector<Footer> footers;

  arrow::Status Open(int i) {
    ARROW_RETURN_NOT_OK(options.cancel.Check());
    ReadOptions read_options;
    read_options.mmap = options.mmap;
    read_options.cancel = options.cancel;
    if (!options.known.empty()) {
      read_options.file_bytes = options.known[i].file_bytes;
      read_options.tail_bytes = TailBytes(options.known[i].footer_bytes);
    }
    const auto policy = options.lenient ? FooterPolicy::kLenient : FooterPolicy::kStrict;
    ARROW_ASSIGN_OR_RAISE(footers[i],
                          ReadFooter(*store, paths[i], read_options, policy, options.keys));
    return PlaceInGroup(&footers[i], i, options);
  }
};

arrow::Result<std::vector<Footer>> ReadFooters(const std::vector<std::string>& paths,
                                               const ReaderOptions& options,
                                               const std::shared_ptr<FileStore>& store) {
  const auto count = static_cast<int>(paths.size());
  auto opening = std::make_shared<Opening>();
  *opening = {paths, options, store, std::vector<Footer>(paths.size())};
  const auto open = [opening](int i) { return opening->Open(i); };
  ARROW_RETURN_NOT_OK(store->remote() ? IoForEach(count, options.cancel, open)
                                      : ParallelFor(count, 0, open));
  return std::move(opening->footers);
}

}  // namespace

int FindGroup(const Footer& footer) {
  if (!footer.groups || footer.info.layout == FileLayout::kColumnOffsets) return -1;
  if (CountIds(footer) != footer.columns.size()) return -1;
  std::vector<int64_t> own;
  own.reserve(footer.columns.size());
  for (const auto& column : footer.columns) own.push_back(*column.id);
  std::sort(own.begin(), own.end());
  for (size_t i = 0; i < footer.groups->size(); ++i) {
    std::vector<int64_t> ids = (*footer.groups)[i];
    std::sort(ids.begin(), ids.end());
    if (ids == own) return static_cast<int>(i);
  }
  return -1;
}

arrow::Result<FileSet> OpenFileSet(const std::vector<std::string>& paths,
                                   const ReaderOptions& options,
                                   const std::shared_ptr<FileStore>& store) {
  ARROW_RETURN_NOT_OK(CheckPaths(paths));
  ARROW_RETURN_NOT_OK(CheckKnown(paths, options));
  ARROW_ASSIGN_OR_RAISE(std::vector<Footer> footers, ReadFooters(paths, options, store));
  FileSet set;
  ARROW_RETURN_NOT_OK(CrossCheck(footers, &set.groups));
  ARROW_RETURN_NOT_OK(CheckDistinctColumns(footers));
  set.rows = footers.front().info.rows;
  for (auto& footer : footers) {
    set.files.push_back(std::make_shared<const Footer>(std::move(footer)));
  }
  return set;
}

}  // namespace packed
