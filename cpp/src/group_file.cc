#include "group_file.h"

#include <utility>

#include "arrow/array.h"
#include "arrow/record_batch.h"

#include "column_results.h"
#include "packed/error.h"
#include "stored_type.h"

namespace packed {
namespace {

using arrow::Result;
using arrow::Status;

ErrorCode FallbackCode(const Status& status) {
  if (status.IsInvalid() || status.IsCapacityError()) return ErrorCode::kInvalidData;
  if (status.IsNotImplemented()) return ErrorCode::kUnsupportedType;
  return ErrorCode::kStorageIO;
}

}  // namespace

Status GroupFile::Create(FileStore& store, IfExists if_exists, std::atomic<int64_t>* total) {
  ARROW_ASSIGN_OR_RAISE(file_, store.Create(plan_.path, if_exists));
  sink_ = std::make_shared<CountingSink>(file_->stream(), total);
  return Status::OK();
}

void GroupFile::CountNulls(const arrow::RecordBatch& batch) {
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    null_counts_[i] += batch.column(plan_.columns[i].index)->ComputeLogicalNullCount();
  }
}

void GroupFile::AddRowGroup(int64_t rows, int64_t bits) {
  row_groups_.push_back({static_cast<uint64_t>((bits + 7) / 8), rows, rows_});
  rows_ += rows;
}

std::shared_ptr<const arrow::KeyValueMetadata> GroupFile::FooterKeys(
    const GroupFieldIds& field_ids, const WriterOptions& options) const {
  auto keys = std::make_shared<arrow::KeyValueMetadata>();
  keys->Append(std::string(kGroupFieldIdListKey), SerializeGroupFieldIds(field_ids));
  for (const auto& [key, value] : options.user_metadata) keys->Append(key, value);
  for (const auto& [key, value] : plan_.metadata) keys->Append(key, value);
  keys->Append(std::string(kRowGroupMetadataKey), SerializeRowGroupRecords(row_groups_));
  keys->Append(std::string(kStorageVersionKey), std::string(kStorageVersion));
  return keys;
}

Result<GroupResult> GroupFile::Seal(const parquet::FileMetaData& metadata, bool fsync) {
  ARROW_RETURN_NOT_OK(Explain(file_->Seal(fsync)));
  GroupResult result;
  result.id = plan_.id;
  result.path = plan_.path;
  result.rows = rows_;
  ARROW_ASSIGN_OR_RAISE(result.file_bytes, sink_->Tell());
  result.footer_bytes = sink_->FooterBytes();
  result.row_groups = static_cast<int32_t>(row_groups_.size());
  for (int i = 0; i < result.row_groups; ++i) {
    result.compressed_bytes += metadata.RowGroup(i)->total_compressed_size();
    result.uncompressed_bytes += static_cast<int64_t>(row_groups_[i].memory_bytes);
  }
  for (size_t i = 0; i < plan_.columns.size(); ++i) {
    result.null_counts.emplace_back(plan_.columns[i].declared->name(), null_counts_[i]);
  }
  result.columns = DescribeColumns(metadata, plan_);
  Mute();
  return result;
}

Status GroupFile::Publish() { return Explain(file_->Publish()); }

Status GroupFile::Unpublish() { return Explain(file_->Unpublish()); }

void GroupFile::Mute() {
  if (sink_ != nullptr) sink_->Mute();
}

void GroupFile::Discard() noexcept {
  Mute();
  if (file_ != nullptr) file_->Discard();
  file_.reset();
}

Status GroupFile::Explain(const Status& status, const std::string& field) const {
  if (status.ok()) return status;
  return WithContext(status, FallbackCode(status), {plan_.path, field});
}

}  // namespace packed
