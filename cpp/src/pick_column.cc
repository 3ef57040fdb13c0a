#include "pick_column.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

#include "packed/error.h"
#include "packed/memory.h"
#include "page_support.h"

namespace packed {
namespace {

/// So many bytes are read as soon as rows of a page one by one: a read is a call of the system.
constexpr int64_t kBytesForOneRead = 8 << 10;
/// Pages of a chunk that decode to more together are worth a task each.
constexpr int64_t kBytesForOneTask = 1 << 20;

/// Calls read(row of the page, rows, row of the answer) for rows that follow one another.
template <typename Read>
arrow::Status ForRuns(std::span<const int64_t> rows, int64_t first, int64_t out, Read&& read) {
  for (size_t i = 0; i < rows.size();) {
    size_t end = i + 1;
    while (end < rows.size() && rows[end] == rows[end - 1] + 1) ++end;
    const auto count = static_cast<int64_t>(end - i);
    ARROW_RETURN_NOT_OK(read(rows[i] - first, count, out));
    out += count;
    i = end;
  }
  return arrow::Status::OK();
}

template <typename Offset, typename Parts>
void JoinOffsets(const Parts& parts, Offset* offsets) {
  int64_t base = 0;
  *offsets++ = 0;
  for (const auto& part : parts) {
    const int64_t* const starts = part.text.starts();
    for (int64_t i = 1; i <= part.text.rows; ++i)
      *offsets++ = static_cast<Offset>(base + starts[i]);
    base += starts[part.text.rows];
  }
}

}  // namespace

ColumnPick::ColumnPick(std::shared_ptr<const FileProjection> projection, int column, int row_group,
                       const ColumnShape& shape, Rows rows)
    : projection_(std::move(projection)),
      column_(column),
      row_group_(row_group),
      shape_(shape),
      rows_(rows),
      field_(projection_->footer->columns[projection_->columns[column]].field) {}

std::unique_ptr<ColumnPick> ColumnPick::Make(std::shared_ptr<const FileProjection> projection,
                                             int column, int row_group, Rows rows) {
  if (projection->footer->file->remote()) return nullptr;
  const auto shape = ShapeOfColumn(*projection, column);
  if (!shape) return nullptr;
  return std::unique_ptr<ColumnPick>(
      new ColumnPick(std::move(projection), column, row_group, *shape, rows));
}

arrow::Status ColumnPick::Explain(const arrow::Status& status) const {
  if (status.ok()) return status;
  const auto code = status.IsOutOfMemory() ? ErrorCode::kOutOfMemory : ErrorCode::kFileCorrupted;
  return WithContext(status, code, {projection_->footer->path(), field_->name()});
}

arrow::Status ColumnPick::Open() { return Explain(OpenChunk()); }

arrow::Status ColumnPick::OpenChunk() {
  const auto chunk = ChunkOfColumn(*projection_, column_, row_group_);
  if (!chunk) {
    foreign_ = true;
    return arrow::Status::OK();
  }
  chunk_ = *chunk;
  ChunkBytes bytes(*projection_->footer->file);
  ARROW_ASSIGN_OR_RAISE(const auto list, ListPages(chunk_, shape_, &bytes));
  if (!list) {
    foreign_ = true;
    return arrow::Status::OK();
  }
  CutParts(*list);
  PageDecoder decoder(shape_, chunk_.codec, &bytes);
  const bool indexed = std::any_of(parts_.begin(), parts_.end(),
                                   [](const Part& part) { return HasIndices(part.page.header); });
  if (list->dictionary && indexed) {
    ARROW_ASSIGN_OR_RAISE(dictionary_, decoder.DecodeDictionary(*list->dictionary));
  }
  if (shape_.form != ColumnShape::Form::kText) {
    const auto count = static_cast<int64_t>(rows_.size());
    ARROW_ASSIGN_OR_RAISE(values_, arrow::AllocateBuffer(shape_.ValueBytes(count), Pool()));
  }
  picked_ = IsLittleWork();
  if (!picked_) return arrow::Status::OK();
  for (Part& part : parts_) ARROW_RETURN_NOT_OK(PickPart(&decoder, bytes, &part));
  return arrow::Status::OK();
}

void ColumnPick::CutParts(const PageList& list) {
  Rows rows = rows_;
  int64_t first = 0;
  for (const PageAt& page : list.pages) {
    const int64_t end = first + page.header.values;
    const auto count = std::lower_bound(rows.begin(), rows.end(), end) - rows.begin();
    const auto wanted = rows.first(static_cast<size_t>(count));
    const auto out = static_cast<int64_t>(rows_.size() - rows.size());
    if (!wanted.empty()) parts_.push_back({page, first, out, wanted, {}, {}});
    rows = rows.subspan(wanted.size());
    first = end;
  }
}

/// Bits of several pages share bytes of the answer: one thread sets them.
bool ColumnPick::IsLittleWork() const {
  if (parts_.size() < 2 || shape_.form == ColumnShape::Form::kBits) return true;
  int64_t bytes = 0;
  for (const Part& part : parts_) {
    if (StoresRows(part.page.header, shape_, chunk_.codec)) continue;
    bytes += part.page.header.uncompressed_bytes;
  }
  return bytes <= kBytesForOneTask;
}

void ColumnPick::PlanPages(DecodeTasks* tasks) {
  if (picked_) return;
  for (Part& part : parts_) {
    tasks->push_back([this, part = &part] {
      ChunkBytes bytes(*projection_->footer->file);
      PageDecoder decoder(shape_, chunk_.codec, &bytes);
      return Explain(PickPart(&decoder, bytes, part));
    });
  }
}

/// Whether the rows are read one by one from a frame of ZSTD that holds them as they are.
arrow::Result<bool> ColumnPick::ReadsRaw(const PageDecoder& decoder, const Part& part) const {
  const auto count = static_cast<int64_t>(part.rows.size());
  if (part.page.header.uncompressed_bytes / kBytesForOneRead < count) return false;
  return decoder.HasRawRows(part.page);
}

arrow::Status ColumnPick::PickPart(PageDecoder* decoder, const ChunkBytes& bytes, Part* part) {
  if (shape_.form == ColumnShape::Form::kText) return PickText(decoder, part);
  const PageAt& page = part->page;
  uint8_t* const values = values_->mutable_data();
  const int64_t width = shape_.width;
  if (StoresRows(page.header, shape_, chunk_.codec)) {
    return ForRuns(part->rows, part->first, part->out, [&](int64_t row, int64_t rows, int64_t out) {
      return bytes.Read(page.body_offset + row * width, rows * width, values + out * width);
    });
  }
  ARROW_ASSIGN_OR_RAISE(const bool raw, ReadsRaw(*decoder, *part));
  if (raw) {
    return ForRuns(part->rows, part->first, part->out, [&](int64_t row, int64_t rows, int64_t out) {
      return decoder->ReadRawRows(page, row, rows, values + out * width);
    });
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> decoded,
                        arrow::AllocateBuffer(shape_.ValueBytes(page.header.values), Pool()));
  PageValidity validity;
  ARROW_RETURN_NOT_OK(decoder->Decode(page, dictionary_, decoded->mutable_data(), &validity));
  for (size_t i = 0; i < part->rows.size(); ++i) {
    const int64_t row = part->rows[i] - part->first;
    const int64_t out = part->out + static_cast<int64_t>(i);
    if (shape_.form == ColumnShape::Form::kBits) {
      arrow::bit_util::SetBitTo(values, out, arrow::bit_util::GetBit(decoded->data(), row));
    } else {
      std::memcpy(values + out * width, decoded->data() + row * width, static_cast<size_t>(width));
    }
    if (validity.bits && !arrow::bit_util::GetBit(validity.bits->data(), row)) {
      part->nulls.push_back(out);
    }
  }
  return arrow::Status::OK();
}

/// Of a page of indices only the wanted texts are looked up: all of them may be endless.
arrow::Status ColumnPick::PickText(PageDecoder* decoder, Part* part) const {
  const bool indexed = HasIndices(part->page.header);
  PageValidity validity;
  std::shared_ptr<arrow::Buffer> indices;
  TextRows page;
  if (indexed) {
    ARROW_ASSIGN_OR_RAISE(indices, decoder->DecodeIndices(part->page, dictionary_, &validity));
  } else {
    ARROW_ASSIGN_OR_RAISE(page, decoder->DecodeText(part->page, dictionary_, &validity));
  }
  const uint8_t* const bits = validity.bits ? validity.bits->data() : nullptr;
  const auto count = static_cast<int64_t>(part->rows.size());
  std::vector<uint8_t> valid(arrow::bit_util::BytesForBits(count), 0xFF);
  std::vector<uint32_t> wanted;
  int64_t seen = 0;     // rows of the page
  int64_t present = 0;  // of those: not null
  for (int64_t i = 0; i < count; ++i) {
    const int64_t row = part->rows[i] - part->first;
    if (bits != nullptr && !arrow::bit_util::GetBit(bits, row)) {
      arrow::bit_util::ClearBit(valid.data(), i);
      part->nulls.push_back(part->out + i);
      continue;
    }
    if (!indexed) {
      wanted.push_back(static_cast<uint32_t>(row));
      continue;
    }
    present += bits == nullptr ? row - seen : arrow::internal::CountSetBits(bits, seen, row - seen);
    seen = row;
    wanted.push_back(indices->data_as<uint32_t>()[present]);
  }
  const uint8_t* const picked = part->nulls.empty() ? nullptr : valid.data();
  ARROW_ASSIGN_OR_RAISE(part->text,
                        GatherText(indexed ? dictionary_.text : page, wanted, picked, 0, count));
  return arrow::Status::OK();
}

/// Null where no row is.
arrow::Result<std::shared_ptr<arrow::Buffer>> ColumnPick::JoinValidity() const {
  const bool any = std::any_of(parts_.begin(), parts_.end(),
                               [](const Part& part) { return !part.nulls.empty(); });
  if (!any) return nullptr;
  const auto count = static_cast<int64_t>(rows_.size());
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateBuffer(arrow::bit_util::BytesForBits(count), Pool()));
  arrow::bit_util::SetBitsTo(bits->mutable_data(), 0, count, true);
  for (const Part& part : parts_) {
    for (const int64_t row : part.nulls) arrow::bit_util::ClearBit(bits->mutable_data(), row);
  }
  return bits;
}

arrow::Status ColumnPick::JoinText(std::shared_ptr<arrow::Buffer>* offsets) {
  const bool large = arrow::is_large_binary_like(field_->type()->id());
  int64_t bytes = 0;
  for (const Part& part : parts_) bytes += part.text.starts()[part.text.rows];
  if (!large && bytes > arrow::kBinaryMemoryLimit) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected rows with at most " + std::to_string(arrow::kBinaryMemoryLimit) +
                         " bytes of \"" + field_->name() + "\" but received " +
                         std::to_string(bytes),
                     {projection_->footer->path(), field_->name()});
  }
  const auto width = static_cast<int64_t>(large ? sizeof(int64_t) : sizeof(int32_t));
  const auto count = static_cast<int64_t>(rows_.size());
  ARROW_ASSIGN_OR_RAISE(*offsets, arrow::AllocateBuffer((count + 1) * width, Pool()));
  ARROW_ASSIGN_OR_RAISE(values_, arrow::AllocateBuffer(bytes, Pool()));
  if (large) {
    JoinOffsets(parts_, (*offsets)->mutable_data_as<int64_t>());
  } else {
    JoinOffsets(parts_, (*offsets)->mutable_data_as<int32_t>());
  }
  int64_t written = 0;
  for (const Part& part : parts_) {
    const int64_t size = part.text.starts()[part.text.rows];
    std::memcpy(values_->mutable_data() + written, part.text.bytes->data(),
                static_cast<size_t>(size));
    written += size;
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::ArrayData>> ColumnPick::Finish() {
  const auto count = static_cast<int64_t>(rows_.size());
  int64_t nulls = 0;
  for (const Part& part : parts_) nulls += static_cast<int64_t>(part.nulls.size());
  ARROW_ASSIGN_OR_RAISE(auto validity, JoinValidity());
  if (shape_.form != ColumnShape::Form::kText) {
    return arrow::ArrayData::Make(field_->type(), count, {std::move(validity), values_}, nulls);
  }
  std::shared_ptr<arrow::Buffer> offsets;
  ARROW_RETURN_NOT_OK(JoinText(&offsets));
  return arrow::ArrayData::Make(field_->type(), count,
                                {std::move(validity), std::move(offsets), values_}, nulls);
}

}  // namespace packed
