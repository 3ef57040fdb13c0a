#include "pick_rows.h"

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "arrow/array/concatenate.h"
#include "arrow/array/util.h"
#include "arrow/compute/api_vector.h"
#include "arrow/compute/exec.h"
#include "arrow/datum.h"
#include "arrow/util/bit_util.h"

#include "arrow_columns.h"
#include "packed/error.h"
#include "packed/memory.h"
#include "page_list.h"
#include "page_support.h"
#include "parquet_guard.h"
#include "restore_batch.h"

namespace packed {
namespace {

using Rows = std::span<const int64_t>;

/// So many bytes are read as soon as rows of a page one by one: a read is a call of the system.
constexpr int64_t kBytesForOneRead = 8 << 10;

/// Rows of one column chunk, picked page by page.
class ChunkPicker {
 public:
  ChunkPicker(const FileProjection& projection, ColumnShape shape, PageChunk chunk)
      : shape_(shape),
        chunk_(chunk),
        bytes_(*projection.footer->file),
        decoder_(shape, chunk.codec, &bytes_) {}

  /// Null where the pages are Arrow's to read.
  arrow::Result<std::shared_ptr<arrow::ArrayData>> Pick(
      const std::shared_ptr<arrow::DataType>& type, Rows rows) {
    ARROW_ASSIGN_OR_RAISE(const auto list, ListPages(chunk_, shape_, &bytes_));
    if (!list) return nullptr;
    const auto count = static_cast<int64_t>(rows.size());
    ARROW_ASSIGN_OR_RAISE(values_, arrow::AllocateBuffer(shape_.ValueBytes(count), Pool()));
    ARROW_ASSIGN_OR_RAISE(validity_,
                          arrow::AllocateBuffer(arrow::bit_util::BytesForBits(count), Pool()));
    arrow::bit_util::SetBitsTo(validity_->mutable_data(), 0, count, true);
    int64_t first = 0;
    for (const PageAt& page : list->pages) {
      const int64_t end = first + page.header.values;
      const auto wanted =
          rows.first(std::lower_bound(rows.begin(), rows.end(), end) - rows.begin());
      if (!wanted.empty()) ARROW_RETURN_NOT_OK(PickOfPage(*list, page, first, wanted));
      rows = rows.subspan(wanted.size());
      first = end;
    }
    const auto validity = nulls_ > 0 ? validity_ : nullptr;
    return arrow::ArrayData::Make(type, count, {validity, values_}, nulls_);
  }

 private:
  arrow::Status PickOfPage(const PageList& list, const PageAt& page, int64_t first, Rows rows) {
    if (StoresRows(page.header, shape_, chunk_.codec)) {
      return ReadRows(first, rows, [&](int64_t row, int64_t count, uint8_t* out) {
        return bytes_.Read(page.body_offset + row * shape_.width, count * shape_.width, out);
      });
    }
    ARROW_ASSIGN_OR_RAISE(const bool raw, ReadsRaw(page, rows));
    if (raw) {
      return ReadRows(first, rows, [&](int64_t row, int64_t count, uint8_t* out) {
        return decoder_.ReadRawRows(page, row, count, out);
      });
    }
    if (list.dictionary && !dictionary_.values) {
      ARROW_ASSIGN_OR_RAISE(dictionary_, decoder_.DecodeDictionary(*list.dictionary));
    }
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> decoded,
                          arrow::AllocateBuffer(shape_.ValueBytes(page.header.values), Pool()));
    PageValidity validity;
    ARROW_RETURN_NOT_OK(decoder_.Decode(page, dictionary_, decoded->mutable_data(), &validity));
    for (const int64_t row : rows) Copy(*decoded, validity, row - first);
    return arrow::Status::OK();
  }

  /// Whether the rows are read one by one from a frame of ZSTD that holds them as they are.
  arrow::Result<bool> ReadsRaw(const PageAt& page, Rows rows) const {
    const auto count = static_cast<int64_t>(rows.size());
    if (page.header.uncompressed_bytes / kBytesForOneRead < count) return false;
    return decoder_.HasRawRows(page);
  }

  /// Rows that follow one another in one call of read(first row, rows, place), rows of the page.
  template <typename Read>
  arrow::Status ReadRows(int64_t first, Rows rows, Read&& read) {
    for (size_t i = 0; i < rows.size();) {
      size_t end = i + 1;
      while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
      const auto count = static_cast<int64_t>(end - i);
      ARROW_RETURN_NOT_OK(
          read(rows[i] - first, count, values_->mutable_data() + picked_ * shape_.width));
      picked_ += count;
      i = end;
    }
    return arrow::Status::OK();
  }

  void Copy(const arrow::Buffer& decoded, const PageValidity& validity, int64_t row) {
    if (shape_.form == ColumnShape::Form::kBits) {
      arrow::bit_util::SetBitTo(values_->mutable_data(), picked_,
                                arrow::bit_util::GetBit(decoded.data(), row));
    } else {
      std::memcpy(values_->mutable_data() + picked_ * shape_.width,
                  decoded.data() + row * shape_.width, static_cast<size_t>(shape_.width));
    }
    if (validity.bits && !arrow::bit_util::GetBit(validity.bits->data(), row)) {
      arrow::bit_util::ClearBit(validity_->mutable_data(), picked_);
      ++nulls_;
    }
    ++picked_;
  }

  const ColumnShape shape_;
  const PageChunk chunk_;
  ChunkBytes bytes_;
  PageDecoder decoder_;
  PageDictionary dictionary_;
  std::shared_ptr<arrow::Buffer> values_;
  std::shared_ptr<arrow::Buffer> validity_;
  int64_t picked_ = 0;
  int64_t nulls_ = 0;
};

/// Null where Arrow's reader has to read the column.
arrow::Result<std::shared_ptr<arrow::ArrayData>> PickOwn(const FileProjection& projection,
                                                         int column, int row_group, Rows rows) {
  const Footer& footer = *projection.footer;
  const auto shape = ShapeOfColumn(projection, column);
  if (!shape || shape->form == ColumnShape::Form::kText) return nullptr;
  if (footer.file->remote()) return nullptr;
  const auto chunk = ChunkOfColumn(projection, column, row_group);
  if (!chunk) return nullptr;
  const auto& field = footer.columns[projection.columns[column]].field;
  auto picked = ChunkPicker(projection, *shape, *chunk).Pick(field->type(), rows);
  if (picked.ok()) return picked;
  const bool memory = picked.status().IsOutOfMemory();
  return WithContext(picked.status(), memory ? ErrorCode::kOutOfMemory : ErrorCode::kFileCorrupted,
                     {footer.path(), field->name()});
}

arrow::Result<std::shared_ptr<arrow::Array>> TakeOf(const ArrayDataVector& arrays, Rows rows) {
  arrow::ArrayVector parts;
  for (const auto& data : arrays) parts.push_back(arrow::MakeArray(data));
  const auto positions = std::make_shared<arrow::Int64Array>(
      static_cast<int64_t>(rows.size()),
      std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(rows.data()),
                                      static_cast<int64_t>(rows.size_bytes())));
  arrow::compute::ExecContext context(Pool());
  context.set_use_threads(false);
  ARROW_ASSIGN_OR_RAISE(
      const auto taken,
      arrow::compute::Take(arrow::Datum(std::make_shared<arrow::ChunkedArray>(std::move(parts))),
                           arrow::Datum(positions), arrow::compute::TakeOptions::NoBoundsCheck(),
                           &context));
  if (taken.is_array()) return taken.make_array();
  return arrow::Concatenate(taken.chunked_array()->chunks(), Pool());
}

/// What own code does not pick: decoded whole, all columns by one reader.
arrow::Status PickByArrow(const FileProjection& projection, int row_group, Rows rows,
                          const std::vector<int>& columns, ArrayDataVector* picked) {
  const Footer& footer = *projection.footer;
  return GuardRead(footer.path(), [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto reader,
                          OpenArrowReader(footer, footer.file->file(), /*stream=*/false));
    ArrowColumns decoder(projection, columns, {row_group, 1}, std::move(reader));
    DecodeTasks tasks;
    StepBlock none;
    ARROW_RETURN_NOT_OK(decoder.Plan(footer.info.row_groups[row_group].rows, &none, &tasks));
    for (const auto& task : tasks) ARROW_RETURN_NOT_OK(task());
    ARROW_ASSIGN_OR_RAISE(const auto decoded, decoder.Finish());
    for (size_t i = 0; i < columns.size(); ++i) {
      ARROW_ASSIGN_OR_RAISE(const auto taken, TakeOf(decoded[i], rows));
      (*picked)[columns[i]] = taken->data();
    }
    return arrow::Status::OK();
  });
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatch>> PickRows(
    const std::shared_ptr<const FileProjection>& projection, int row_group, Rows rows) {
  const Footer& footer = *projection->footer;
  ARROW_RETURN_NOT_OK(GuardRead(footer.path(), [&] { return footer.file->CheckUnchanged(); }));
  ArrayDataVector picked(projection->columns.size());
  std::vector<int> others;
  for (int column = 0; column < static_cast<int>(picked.size()); ++column) {
    ARROW_ASSIGN_OR_RAISE(picked[column], PickOwn(*projection, column, row_group, rows));
    if (!picked[column]) others.push_back(column);
  }
  if (!others.empty()) {
    ARROW_RETURN_NOT_OK(PickByArrow(*projection, row_group, rows, others, &picked));
  }
  return RestoreBatch(*projection, picked, static_cast<int64_t>(rows.size()));
}

}  // namespace packed
