#include "pending_rows.h"

#include <utility>

#include "arrow/array.h"
#include "arrow/array/concatenate.h"

#include "packed/memory.h"

namespace packed {
namespace {

/// Beyond this, merging saves nothing and would run into 32-bit offsets.
constexpr int64_t kLargestMergeBits = int64_t{8} << 28;

}  // namespace

arrow::Status PendingRows::Append(const std::vector<std::shared_ptr<arrow::ArrayData>>& columns,
                                  int64_t bits) {
  Piece piece{{}, columns.front()->length, bits};
  for (const auto& column : columns) {
    // Concatenate copies exactly the slice, which is what makes the piece compact and ours.
    ARROW_ASSIGN_OR_RAISE(auto copy, arrow::Concatenate({arrow::MakeArray(column)}, Pool()));
    piece.columns.push_back(std::move(copy));
  }
  rows_ += piece.rows;
  bits_ += piece.bits;
  pieces_.push_back(std::move(piece));
  while (pieces_.size() >= 2) {
    const Piece& last = pieces_.back();
    const Piece& previous = pieces_[pieces_.size() - 2];
    if (previous.rows >= 2 * last.rows || previous.bits + last.bits > kLargestMergeBits) break;
    ARROW_ASSIGN_OR_RAISE(auto merged, Merge(previous, last));
    pieces_.pop_back();
    pieces_.back() = std::move(merged);
  }
  return arrow::Status::OK();
}

void PendingRows::Clear() {
  pieces_.clear();
  rows_ = 0;
  bits_ = 0;
}

arrow::ArrayVector PendingRows::Chunks(int column) const {
  arrow::ArrayVector chunks;
  for (const auto& piece : pieces_) chunks.push_back(piece.columns[column]);
  return chunks;
}

arrow::Result<PendingRows::Piece> PendingRows::Merge(const Piece& first, const Piece& second) {
  Piece merged{{}, first.rows + second.rows, first.bits + second.bits};
  for (size_t i = 0; i < first.columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto column,
                          arrow::Concatenate({first.columns[i], second.columns[i]}, Pool()));
    merged.columns.push_back(std::move(column));
  }
  return merged;
}

}  // namespace packed
