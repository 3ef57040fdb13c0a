#include "page_column.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

#include "packed/memory.h"

namespace packed {
PageColumn::PageColumn(int column, std::unique_ptr<PageCursor> pages)
    : columns_{column}, pages_(std::move(pages)), shape_(pages_->shape()) {}

arrow::Result<std::unique_ptr<PageColumn>> PageColumn::Make(const FileProjection& projection,
                                                            int column, RowGroupRun run,
                                                            bool whole) {
  const auto shape = ShapeOfColumn(projection, column);
  if (!shape || shape->form == ColumnShape::Form::kText) return nullptr;
  ARROW_ASSIGN_OR_RAISE(auto pages, PageCursor::Make(projection, column, run, whole, *shape));
  if (!pages) return nullptr;
  return std::unique_ptr<PageColumn>(new PageColumn(column, std::move(pages)));
}

PageColumn::Pieces* PageColumn::AddPieces() {
  pieces_.push_back(std::make_unique<Pieces>());
  return pieces_.back().get();
}

int64_t PageColumn::BlockBytes(int64_t rows) const {
  return shape_.form == ColumnShape::Form::kBits ? 0 : shape_.ValueBytes(rows);
}

arrow::Status PageColumn::Plan(int64_t rows, StepBlock* block, DecodeTasks* tasks) {
  rows_ = rows;
  pieces_.clear();
  if (shape_.form != ColumnShape::Form::kBits) {
    ARROW_ASSIGN_OR_RAISE(values_, block->Take(shape_.ValueBytes(rows)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto parts, pages_->Take(rows));
  for (const auto& part : parts) PlanPart(part, tasks);
  return arrow::Status::OK();
}

void PageColumn::PlanPart(const PageCursor::Part& part, DecodeTasks* tasks) {
  Pieces* const pieces = AddPieces();
  if (part.page == nullptr) {
    tasks->push_back([this, part, pieces] {
      return pages_->Explain(DecodeChunk(part.chunk, part.row, pieces));
    });
    return;
  }
  if (part.cut()) {
    if (!cut_) cut_ = std::make_shared<CutPage>();
    tasks->push_back([this, part, cut = cut_, pieces] {
      return pages_->Explain(TakePart(part, cut.get(), pieces));
    });
    if (part.last()) cut_.reset();
    return;
  }
  tasks->push_back([this, part, pieces] {
    ChunkBytes bytes(pages_->file());
    PageDecoder decoder(shape_, part.chunk->at.codec, &bytes);
    return pages_->Explain(
        DecodePage(&decoder, *part.page, part.chunk->dictionary, part.row, pieces));
  });
}

arrow::Status PageColumn::DecodeChunk(PageCursor::Chunk* chunk, int64_t row, Pieces* pieces) {
  if (foreign_) return arrow::Status::OK();
  ChunkBytes bytes(pages_->file());
  ARROW_RETURN_NOT_OK(bytes.Load(chunk->at.offset, chunk->at.bytes));
  ARROW_ASSIGN_OR_RAISE(const auto list, ListPages(chunk->at, shape_, &bytes));
  if (!list) {
    foreign_ = true;
    return arrow::Status::OK();
  }
  PageDecoder decoder(shape_, chunk->at.codec, &bytes);
  PageDictionary dictionary;
  if (list->dictionary) {
    ARROW_ASSIGN_OR_RAISE(dictionary, decoder.DecodeDictionary(*list->dictionary));
  }
  for (const PageAt& page : list->pages) {
    ARROW_RETURN_NOT_OK(DecodePage(&decoder, page, dictionary, row, pieces));
    row += page.header.values;
  }
  return arrow::Status::OK();
}

arrow::Status PageColumn::DecodePage(PageDecoder* decoder, const PageAt& page,
                                     const PageDictionary& dictionary, int64_t row,
                                     Pieces* pieces) {
  const int64_t rows = page.header.values;
  PageBits piece{row, rows, 0, {}, nullptr};
  uint8_t* values = nullptr;
  if (shape_.form == ColumnShape::Form::kBits) {
    ARROW_ASSIGN_OR_RAISE(piece.values, arrow::AllocateBuffer(shape_.ValueBytes(rows), Pool()));
    values = piece.values->mutable_data();
  } else {
    values = values_->mutable_data() + row * shape_.width;
  }
  ARROW_RETURN_NOT_OK(decoder->Decode(page, dictionary, values, &piece.validity));
  if (piece.validity.nulls > 0 || piece.values) pieces->push_back(std::move(piece));
  return arrow::Status::OK();
}

/// Rows of a page that is decoded by the first step that needs it.
arrow::Status PageColumn::TakePart(const PageCursor::Part& part, CutPage* cut, Pieces* pieces) {
  const auto& [chunk, page, from, rows, row] = part;
  ChunkBytes bytes(pages_->file());
  if (StoresRows(page->header, shape_, chunk->at.codec)) {
    return bytes.Read(page->body_offset + from * shape_.width, rows * shape_.width,
                      values_->mutable_data() + row * shape_.width);
  }
  PageDecoder decoder(shape_, chunk->at.codec, &bytes);
  if (!cut->raw) {
    ARROW_ASSIGN_OR_RAISE(cut->raw, decoder.HasRawRows(*page));
  }
  if (*cut->raw) {
    return decoder.ReadRawRows(*page, from, rows, values_->mutable_data() + row * shape_.width);
  }
  if (!cut->values) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                          arrow::AllocateBuffer(shape_.ValueBytes(page->header.values), Pool()));
    ARROW_RETURN_NOT_OK(
        decoder.Decode(*page, chunk->dictionary, values->mutable_data(), &cut->validity));
    cut->values = std::move(values);
  }
  PageBits piece{row, rows, from, cut->validity, nullptr};
  if (shape_.form == ColumnShape::Form::kBits) {
    piece.values = cut->values;
  } else {
    std::memcpy(values_->mutable_data() + row * shape_.width,
                cut->values->data() + from * shape_.width,
                static_cast<size_t>(rows * shape_.width));
  }
  if (piece.validity.nulls > 0 || piece.values) pieces->push_back(std::move(piece));
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Buffer>> PageColumn::JoinValues() const {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> joined,
                        arrow::AllocateBuffer(shape_.ValueBytes(rows_), Pool()));
  for (const auto& pieces : pieces_) {
    for (const PageBits& piece : *pieces) {
      arrow::internal::CopyBitmap(piece.values->data(), piece.offset, piece.rows,
                                  joined->mutable_data(), piece.row);
    }
  }
  return joined;
}

/// Null where no row is.
arrow::Result<std::shared_ptr<arrow::Buffer>> PageColumn::JoinValidity() const {
  std::shared_ptr<arrow::Buffer> joined;
  for (const auto& pieces : pieces_) {
    for (const PageBits& piece : *pieces) {
      if (!piece.validity.bits) continue;
      if (!joined) {
        ARROW_ASSIGN_OR_RAISE(joined,
                              arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows_), Pool()));
        arrow::bit_util::SetBitsTo(joined->mutable_data(), 0, rows_, true);
      }
      arrow::internal::CopyBitmap(piece.validity.bits->data(), piece.offset, piece.rows,
                                  joined->mutable_data(), piece.row);
    }
  }
  return joined;
}

arrow::Result<std::vector<ArrayDataVector>> PageColumn::Finish() {
  ARROW_ASSIGN_OR_RAISE(auto validity, JoinValidity());
  if (shape_.form == ColumnShape::Form::kBits) {
    ARROW_ASSIGN_OR_RAISE(values_, JoinValues());
  }
  pieces_.clear();
  const int64_t nulls = validity ? arrow::kUnknownNullCount : 0;
  auto data = arrow::ArrayData::Make(pages_->type(), rows_,
                                     {std::move(validity), std::move(values_)}, nulls);
  return std::vector<ArrayDataVector>{{std::move(data)}};
}

}  // namespace packed
