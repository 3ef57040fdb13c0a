#include "page_column.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

#include "packed/error.h"
#include "packed/memory.h"
#include "parquet_guard.h"

namespace packed {
namespace {

/// Chunks up to this size are read in one piece and decoded by one task.
constexpr int64_t kSmallChunkBytes = 1 << 20;
/// A footer's rows are believed up to this many bytes, or up to what codecs can make of a chunk.
constexpr int64_t kTrustedBytes = 64 << 20;
constexpr int64_t kTrustedExpansion = 4096;

bool Believable(const PageChunk& chunk, const ColumnShape& shape) {
  const int64_t width = std::max<int64_t>(1, shape.width);
  if (chunk.rows <= kTrustedBytes / width) return true;
  return chunk.rows / kTrustedExpansion <= chunk.bytes / width;
}

}  // namespace

PageColumn::PageColumn(const FileProjection& projection, int column, ColumnShape shape)
    : columns_{column},
      shape_(shape),
      footer_(projection.footer),
      field_(footer_->columns[projection.columns[column]].field) {}

arrow::Result<std::unique_ptr<PageColumn>> PageColumn::Make(const FileProjection& projection,
                                                            int column, RowGroupRun run,
                                                            bool whole) {
  const auto shape = ShapeOfColumn(projection, column);
  if (!shape) return nullptr;
  std::unique_ptr<PageColumn> made(new PageColumn(projection, column, *shape));
  for (int i = run.first; i < run.end(); ++i) {
    const auto chunk = ChunkOfColumn(projection, column, i);
    if (!chunk || !Believable(*chunk, *shape)) return nullptr;
    ARROW_ASSIGN_OR_RAISE(const bool known, made->AddChunk(*chunk, whole));
    if (!known) return nullptr;
  }
  return made;
}

/// False where it is not one for own code.
arrow::Result<bool> PageColumn::AddChunk(const PageChunk& at, bool whole) {
  if (at.rows == 0) return true;
  Chunk chunk{at, std::nullopt, {}};
  if (!whole || at.bytes > kSmallChunkBytes) {
    ChunkBytes bytes(*footer_->file);
    ARROW_ASSIGN_OR_RAISE(chunk.list, ListPages(at, shape_, &bytes));
    if (!chunk.list) return false;
    if (chunk.list->dictionary) {
      PageDecoder decoder(shape_, at.codec, &bytes);
      auto dictionary = decoder.DecodeDictionary(*chunk.list->dictionary);
      if (!dictionary.ok()) return Explain(dictionary.status());
      chunk.dictionary = dictionary.MoveValueUnsafe();
    }
  }
  chunks_.push_back(std::move(chunk));
  return true;
}

PageColumn::Pieces* PageColumn::AddPieces() {
  pieces_.push_back(std::make_unique<Pieces>());
  return pieces_.back().get();
}

arrow::Status PageColumn::Plan(int64_t rows, DecodeTasks* tasks) {
  rows_ = rows;
  pieces_.clear();
  if (shape_.form != ColumnShape::Form::kBits) {
    ARROW_ASSIGN_OR_RAISE(values_, arrow::AllocateBuffer(shape_.ValueBytes(rows), Pool()));
  }
  for (int64_t row = 0; row < rows;) {
    if (chunk_ == chunks_.size()) {
      return arrow::Status::IOError("Expected ", rows, " rows but received ", row);
    }
    Chunk& chunk = chunks_[chunk_];
    if (!chunk.list) {
      tasks->push_back([this, &chunk, row, pieces = AddPieces()] {
        return Explain(DecodeChunk(&chunk, row, pieces));
      });
      row += chunk.at.rows;
      ++chunk_;
      continue;
    }
    const PageAt& page = chunk.list->pages[page_];
    const int64_t taken = std::min(rows - row, page.header.values - page_row_);
    PlanPage(chunk, page, taken, row, tasks);
    row += taken;
    page_row_ += taken;
    if (page_row_ < page.header.values) continue;
    page_row_ = 0;
    cut_.reset();
    if (++page_ < chunk.list->pages.size()) continue;
    page_ = 0;
    ++chunk_;
  }
  return arrow::Status::OK();
}

void PageColumn::PlanPage(const Chunk& chunk, const PageAt& page, int64_t rows, int64_t row,
                          DecodeTasks* tasks) {
  Pieces* const pieces = AddPieces();
  if (rows < page.header.values) {
    if (!cut_) cut_ = std::make_shared<CutPage>();
    tasks->push_back([this, &chunk, &page, cut = cut_, from = page_row_, rows, row, pieces] {
      return Explain(TakePart(chunk, page, cut.get(), from, rows, row, pieces));
    });
    return;
  }
  tasks->push_back([this, &chunk, &page, row, pieces] {
    ChunkBytes bytes(*footer_->file);
    PageDecoder decoder(shape_, chunk.at.codec, &bytes);
    return Explain(DecodePage(&decoder, page, chunk.dictionary, row, pieces));
  });
}

arrow::Status PageColumn::DecodeChunk(Chunk* chunk, int64_t row, Pieces* pieces) {
  if (foreign_) return arrow::Status::OK();
  ChunkBytes bytes(*footer_->file);
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

/// Rows [from, from + rows) of a page, which is decoded by the first step that needs it.
arrow::Status PageColumn::TakePart(const Chunk& chunk, const PageAt& page, CutPage* cut,
                                   int64_t from, int64_t rows, int64_t row, Pieces* pieces) {
  ChunkBytes bytes(*footer_->file);
  if (StoresRows(page.header, shape_, chunk.at.codec)) {
    return bytes.Read(page.body_offset + from * shape_.width, rows * shape_.width,
                      values_->mutable_data() + row * shape_.width);
  }
  if (!cut->values) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                          arrow::AllocateBuffer(shape_.ValueBytes(page.header.values), Pool()));
    PageDecoder decoder(shape_, chunk.at.codec, &bytes);
    ARROW_RETURN_NOT_OK(
        decoder.Decode(page, chunk.dictionary, values->mutable_data(), &cut->validity));
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
  auto data = arrow::ArrayData::Make(field_->type(), rows_,
                                     {std::move(validity), std::move(values_)}, nulls);
  return std::vector<ArrayDataVector>{{std::move(data)}};
}

arrow::Status PageColumn::Explain(const arrow::Status& status) const {
  if (status.ok()) return status;
  const auto code = status.IsOutOfMemory() ? ErrorCode::kOutOfMemory : ErrorCode::kFileCorrupted;
  return WithContext(status, code, {footer_->path(), field_->name()});
}

}  // namespace packed
