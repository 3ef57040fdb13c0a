#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/status.h"

#include "group_files.h"
#include "packed/cancel.h"
#include "packed/row_access.h"
#include "projection.h"

namespace packed {

/// \brief kInvalidArgument for an index that is not below `count`.
arrow::Status CheckPosition(const std::string& what, int64_t index, size_t count);

/// \brief The rows of one file, or of the files of a column group, by position. Keeps what it had
/// to open.
class RowFiles {
 public:
  explicit RowFiles(std::shared_ptr<const FileProjection> file);
  explicit RowFiles(std::shared_ptr<GroupFiles> group);

  size_t count() const { return windows_.size(); }

  /// \brief The rows at these positions, which ascend and are there: a batch of each of the lanes,
  /// which are picked side by side.
  static arrow::Result<arrow::RecordBatchVector> Pick(std::span<const RowFiles> lanes,
                                                      const std::vector<int64_t>& rows,
                                                      const CancelToken& cancel);

  /// \brief Rows whose value of one of the outputs is in the set; see RowAccess::FindKeys.
  arrow::Status FindKeys(int slot, const KeySet& keys, const CancelToken& cancel, KeyHits* hits);

  /// What a window has of a row group.
  struct RowGroup {
    int64_t first = 0;  ///< row, of all windows
    std::shared_ptr<arrow::RecordBatch> rows;
  };

  /// \brief What a window has of one of its row groups: none without rows counts.
  arrow::Result<RowGroup> ReadRowGroup(size_t window, int64_t row_group);

 private:
  struct Hit;
  class Picking;
  struct KeyPart;

  std::vector<Hit> Find(const std::vector<int64_t>& rows) const;
  arrow::Status PlanKeys(const Hit& window, int slot, const KeySet& keys,
                         std::vector<KeyPart>* parts, KeyHits* hits) const;
  arrow::Status OpenAll(std::vector<Hit>* hits, const CancelToken& cancel) const;
  arrow::Result<std::shared_ptr<const FileProjection>> Open(size_t window) const;

  std::shared_ptr<const FileProjection> file_;  ///< of the one file, or of the first
  std::shared_ptr<GroupFiles> group_;           ///< null of one file
  std::vector<FileWindow> windows_;
  std::vector<int64_t> row_offsets_;  ///< of windows
};

}  // namespace packed
