#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "arrow/util/key_value_metadata.h"

#include "counting_sink.h"
#include "packed/format.h"
#include "packed/storage.h"
#include "packed/writer.h"
#include "parquet/metadata.h"
#include "write_plan.h"

namespace packed {

/// \brief The file of a column group from its start to its publication, and what goes into its
/// footer besides Parquet's own.
///
/// One thread at a time.
class GroupFile {
 public:
  explicit GroupFile(const GroupPlan& plan) : plan_(plan), null_counts_(plan.columns.size(), 0) {}

  /// `total` counts the bytes of all files.
  arrow::Status Create(FileStore& store, IfExists if_exists, std::atomic<int64_t>* total);

  const std::shared_ptr<CountingSink>& sink() const { return sink_; }

  void CountNulls(const arrow::RecordBatch& batch);

  /// A row group of `rows` whose values take `bits` when decoded.
  void AddRowGroup(int64_t rows, int64_t bits);
  size_t row_groups() const { return row_groups_.size(); }

  std::shared_ptr<const arrow::KeyValueMetadata> FooterKeys(const GroupFieldIds& field_ids,
                                                            const WriterOptions& options) const;

  /// \brief Close the file, whose footer is written. What it became, by that footer.
  arrow::Result<GroupResult> Seal(const parquet::FileMetaData& metadata, bool fsync);

  arrow::Status Publish();
  arrow::Status Unpublish();

  /// \brief Cut the stream off: what is still written goes nowhere.
  void Mute();

  /// \brief Remove it; idempotent.
  void Discard() noexcept;

  /// \brief Name the file and, where one is meant, the field in whatever went wrong.
  arrow::Status Explain(const arrow::Status& status, const std::string& field = "") const;

 private:
  const GroupPlan& plan_;
  std::unique_ptr<PendingFile> file_;
  std::shared_ptr<CountingSink> sink_;
  std::vector<RowGroupRecord> row_groups_;
  std::vector<int64_t> null_counts_;
  int64_t rows_ = 0;
};

}  // namespace packed
