#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"

#include "footer.h"
#include "packed/reader.h"
#include "projection.h"

namespace packed {

/// \brief The files of one column group, opened when they are wanted. Thread-safe, once it is
/// counted.
///
/// Open files take a descriptor each, of an object store the end that came with the opening: only
/// so many are kept open for the next one who asks.
class GroupFiles {
 public:
  /// `index` is the position among the caller's groups, `most_kept` how many files are kept open.
  GroupFiles(int index, FileGroup group, size_t most_kept, const ReaderOptions& options,
             std::shared_ptr<FileStore> store);

  int index() const { return index_; }
  const std::vector<FileWindow>& windows() const { return group_.files; }
  const std::optional<std::vector<std::string>>& columns() const { return group_.columns; }
  bool remote() const { return store_->remote(); }

  /// Whether `name` may be one of the columns.
  bool MayHave(const std::string& name) const;
  /// Whether every window says where it ends.
  bool counted() const;
  /// Rows of the windows, once they are counted.
  int64_t rows() const;

  /// \brief What a footer has of the columns that count; the rows of the window are checked.
  arrow::Result<std::shared_ptr<const Footer>> ReadFooter(size_t window);

  /// \brief Note where a window ends, by the footer. One thread for each window.
  arrow::Status Count(size_t window);

  /// \brief Say what is read: of every file what `plan` reads of the first.
  void Choose(std::shared_ptr<const FileProjection> plan) { plan_ = std::move(plan); }
  const std::shared_ptr<const FileProjection>& plan() const { return plan_; }

  /// \brief What is read of the file of a window. kTypeMismatch, or kFileCorrupted for a column
  /// that is not there, naming the file and the column.
  arrow::Result<std::shared_ptr<const FileProjection>> Open(size_t window);

  /// \brief Whether what Open gave for a window is better kept than asked for again.
  bool keeps(size_t window) const { return window < most_kept_; }

  /// \brief Drop the files that are kept open, and keep none from now on.
  void Forget();

 private:
  arrow::Result<std::shared_ptr<const Footer>> ReadFile(const FileWindow& window) const;

  const int index_;
  FileGroup group_;
  const size_t most_kept_;
  const ReaderOptions options_;
  const std::shared_ptr<FileStore> store_;
  std::shared_ptr<const FileProjection> plan_;
  std::mutex mutex_;
  bool keeping_ = true;
  std::map<std::string, std::shared_ptr<const Footer>> kept_;  ///< by path
  std::map<std::string, std::string> versions_;  ///< by path: as what it was opened first
};

/// A window of a group.
struct WindowRef {
  std::shared_ptr<GroupFiles> group;
  size_t window = 0;
};

/// \brief Run `task` for every window, several at a time; windows of one file one after the other,
/// so that it is opened once.
///
/// Of an object store it returns soon after the cancel token was raised, while tasks may still run.
arrow::Status ForEachWindow(const std::vector<WindowRef>& windows, const CancelToken& cancel,
                            std::function<arrow::Status(const WindowRef&, size_t)> task);

/// Column groups of which is known what is read.
struct OpenedGroups {
  Projection projection;                          ///< its files are the first ones of the groups
  std::vector<std::shared_ptr<GroupFiles>> read;  ///< those with a column, in projection order
  int64_t rows = 0;
};

/// \brief Read as many footers as it takes to know what is read from where, and every group's rows.
///
/// `appended` as in MakeProjection.
arrow::Result<OpenedGroups> OpenGroups(std::vector<FileGroup> groups, const ReaderOptions& options,
                                       const std::shared_ptr<FileStore>& store,
                                       const AppendedColumns& appended = {});

/// What a window has of a row group.
struct WindowPart {
  int row_group = 0;
  int64_t first = 0;  ///< row, within the file
  int64_t rows = 0;   ///< at least one
};

/// \brief The row groups of a file that have rows of a window, whose end is known.
std::vector<WindowPart> PartsOf(const FileInfo& info, const FileWindow& window);

/// \brief What `info` has of the rows of a window, whose end is known.
FileInfo InfoOf(const FileInfo& info, const FileWindow& window, int group);

}  // namespace packed
