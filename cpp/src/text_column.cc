#include "text_column.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

#include "packed/memory.h"

namespace packed {
namespace {

/// More than there is memory, and far from where sums overflow.
constexpr int64_t kMostLargeBytes = int64_t{1} << 60;

/// Offsets of `rows` rows from `starts` on, such that the first one is `base`.
template <typename Offset>
void Rebase(const int64_t* starts, int64_t rows, int64_t base, Offset* offsets) {
  const int64_t shift = base - starts[0];
  for (int64_t i = 0; i <= rows; ++i) offsets[i] = static_cast<Offset>(starts[i] + shift);
}

/// How many of the rows have at most `bytes` bytes together.
int64_t RowsWithin(const int64_t* starts, int64_t rows, int64_t bytes) {
  return std::upper_bound(starts + 1, starts + rows + 1, starts[0] + bytes) - (starts + 1);
}

}  // namespace

TextColumn::TextColumn(int column, std::unique_ptr<PageCursor> pages)
    : columns_{column},
      pages_(std::move(pages)),
      large_(arrow::is_large_binary_like(pages_->type()->id())) {}

arrow::Result<std::unique_ptr<TextColumn>> TextColumn::Make(const FileProjection& projection,
                                                            int column, RowGroupRun run,
                                                            bool whole) {
  const auto shape = ShapeOfColumn(projection, column);
  if (!shape || shape->form != ColumnShape::Form::kText) return nullptr;
  ARROW_ASSIGN_OR_RAISE(auto pages, PageCursor::Make(projection, column, run, whole, *shape));
  if (!pages) return nullptr;
  return std::unique_ptr<TextColumn>(new TextColumn(column, std::move(pages)));
}

arrow::Status TextColumn::Plan(int64_t rows, StepBlock*, DecodeTasks* tasks) {
  parts_.clear();
  arrays_.clear();
  ARROW_ASSIGN_OR_RAISE(const auto parts, pages_->Take(rows));
  for (const auto& part : parts) {
    Pieces* const pieces = parts_.emplace_back(std::make_unique<Pieces>()).get();
    if (part.page == nullptr) {
      tasks->push_back(
          [this, part, pieces] { return pages_->Explain(DecodeChunk(*part.chunk, pieces)); });
      continue;
    }
    const auto page = cut_ ? std::move(cut_) : std::make_shared<Page>();
    cut_ = part.last() ? nullptr : page;
    tasks->push_back([this, part, page, pieces] {
      return pages_->Explain(DecodePart(part, page.get(), pieces));
    });
  }
  return arrow::Status::OK();
}

arrow::Status TextColumn::DecodeChunk(const PageCursor::Chunk& chunk, Pieces* pieces) {
  if (foreign_) return arrow::Status::OK();
  ChunkBytes bytes(pages_->file());
  ARROW_RETURN_NOT_OK(bytes.Load(chunk.at.offset, chunk.at.bytes));
  ARROW_ASSIGN_OR_RAISE(const auto list, ListPages(chunk.at, pages_->shape(), &bytes));
  if (!list) {
    foreign_ = true;
    return arrow::Status::OK();
  }
  PageDecoder decoder(pages_->shape(), chunk.at.codec, &bytes);
  PageDictionary dictionary;
  if (list->dictionary) {
    ARROW_ASSIGN_OR_RAISE(dictionary, decoder.DecodeDictionary(*list->dictionary));
  }
  for (const PageAt& at : list->pages) {
    PageValidity validity;
    ARROW_ASSIGN_OR_RAISE(auto text, decoder.DecodeText(at, dictionary, &validity));
    const int64_t rows = text.rows;
    pieces->push_back({std::move(text), 0, rows, std::move(validity.bits), 0});
  }
  return arrow::Status::OK();
}

/// The first step that needs the page decodes it.
arrow::Status TextColumn::DecodePart(const PageCursor::Part& part, Page* page, Pieces* pieces) {
  const bool gathered = part.cut() && HasIndices(part.page->header);
  if (!page->decoded) {
    ChunkBytes bytes(pages_->file());
    PageDecoder decoder(pages_->shape(), part.chunk->at.codec, &bytes);
    const PageDictionary& dictionary = part.chunk->dictionary;
    if (gathered) {
      ARROW_ASSIGN_OR_RAISE(page->indices,
                            decoder.DecodeIndices(*part.page, dictionary, &page->validity));
    } else {
      ARROW_ASSIGN_OR_RAISE(page->text,
                            decoder.DecodeText(*part.page, dictionary, &page->validity));
    }
    page->decoded = true;
  }
  Piece piece{page->text, part.from, part.rows, page->validity.bits, part.from};
  if (gathered) {
    ARROW_ASSIGN_OR_RAISE(piece.text, GatherPart(part, *page));
    piece.from = 0;
  }
  pieces->push_back(std::move(piece));
  return arrow::Status::OK();
}

arrow::Result<TextRows> TextColumn::GatherPart(const PageCursor::Part& part,
                                               const Page& page) const {
  const uint8_t* const bits = page.validity.bits ? page.validity.bits->data() : nullptr;
  const auto valid = [bits](int64_t from, int64_t rows) {
    return bits == nullptr ? rows : arrow::internal::CountSetBits(bits, from, rows);
  };
  const auto indices = page.indices->span_as<uint32_t>().subspan(
      static_cast<size_t>(valid(0, part.from)), static_cast<size_t>(valid(part.from, part.rows)));
  return GatherText(part.chunk->dictionary.text, indices, bits, part.from, part.rows);
}

void TextColumn::CutArrays() {
  const int64_t most = large_ ? kMostLargeBytes : arrow::kBinaryMemoryLimit;
  for (const auto& pieces : parts_) {
    for (Piece piece : *pieces) {
      while (piece.rows > 0) {
        if (arrays_.empty()) arrays_.push_back(std::make_unique<Joined>());
        Joined& joined = *arrays_.back();
        // A value is less than a page, which is never more than an array may have.
        const int64_t least = joined.rows == 0 ? 1 : 0;
        const int64_t rows =
            std::max(least, RowsWithin(piece.starts(), piece.rows, most - joined.bytes));
        if (rows > 0) {
          joined.pieces.push_back({piece.text, piece.from, rows, piece.validity, piece.bit});
          joined.rows += rows;
          joined.bytes += joined.pieces.back().bytes();
        }
        piece.from += rows;
        piece.bit += rows;
        piece.rows -= rows;
        if (piece.rows > 0) arrays_.push_back(std::make_unique<Joined>());
      }
    }
  }
  parts_.clear();
}

arrow::Status TextColumn::PlanJoin(DecodeTasks* tasks) {
  CutArrays();
  for (const auto& joined : arrays_) {
    ARROW_RETURN_NOT_OK(pages_->Explain(PlanArray(joined.get(), tasks)));
  }
  return arrow::Status::OK();
}

arrow::Status TextColumn::PlanArray(Joined* joined, DecodeTasks* tasks) {
  const auto width = static_cast<int64_t>(large_ ? sizeof(int64_t) : sizeof(int32_t));
  ARROW_ASSIGN_OR_RAISE(joined->offsets, arrow::AllocateBuffer((joined->rows + 1) * width, Pool()));
  ARROW_ASSIGN_OR_RAISE(joined->values, arrow::AllocateBuffer(joined->bytes, Pool()));
  int64_t row = 0;
  int64_t base = 0;
  for (const Piece& piece : joined->pieces) {
    tasks->push_back([this, &piece, joined, row, base] {
      const int64_t* const starts = piece.starts();
      // The first offset of a piece is the last one of the piece before, which is the same.
      const int64_t rows = row + piece.rows == joined->rows ? piece.rows : piece.rows - 1;
      if (large_) {
        Rebase(starts, rows, base, joined->offsets->mutable_data_as<int64_t>() + row);
      } else {
        Rebase(starts, rows, base, joined->offsets->mutable_data_as<int32_t>() + row);
      }
      std::memcpy(joined->values->mutable_data() + base, piece.text.bytes->data() + starts[0],
                  static_cast<size_t>(piece.bytes()));
      return arrow::Status::OK();
    });
    row += piece.rows;
    base += piece.bytes();
  }
  return arrow::Status::OK();
}

/// Null where no row is.
arrow::Result<std::shared_ptr<arrow::Buffer>> TextColumn::JoinValidity(const Joined& joined) const {
  std::shared_ptr<arrow::Buffer> bits;
  int64_t row = 0;
  for (const Piece& piece : joined.pieces) {
    if (const auto& own = piece.validity) {
      if (!bits) {
        ARROW_ASSIGN_OR_RAISE(
            bits, arrow::AllocateBuffer(arrow::bit_util::BytesForBits(joined.rows), Pool()));
        arrow::bit_util::SetBitsTo(bits->mutable_data(), 0, joined.rows, true);
      }
      arrow::internal::CopyBitmap(own->data(), piece.bit, piece.rows, bits->mutable_data(), row);
    }
    row += piece.rows;
  }
  return bits;
}

arrow::Result<std::vector<ArrayDataVector>> TextColumn::Finish() {
  ArrayDataVector arrays;
  for (const auto& joined : arrays_) {
    ARROW_ASSIGN_OR_RAISE(auto validity, JoinValidity(*joined));
    const int64_t nulls = validity ? arrow::kUnknownNullCount : 0;
    arrays.push_back(arrow::ArrayData::Make(
        pages_->type(), joined->rows,
        {std::move(validity), std::move(joined->offsets), std::move(joined->values)}, nulls));
  }
  arrays_.clear();
  return std::vector<ArrayDataVector>{std::move(arrays)};
}

}  // namespace packed
