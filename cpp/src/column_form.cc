#include "column_form.h"

#include <string_view>
#include <vector>

#include "arrow/util/checked_cast.h"

#include "page_codec.h"
#include "page_encode.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::ArrayVector;
using arrow::Result;
using arrow::internal::checked_cast;

/// A dictionary pays when fewer than one value in this many is a new one.
constexpr int64_t kValuesPerDistinct = 4;

/// Counts distinct values up to a limit; linear probing over views.
class DistinctCounter {
 public:
  explicit DistinctCounter(int64_t limit) : limit_(limit), slots_(kSlots) {}

  bool full() const { return count_ >= limit_; }

  void Add(std::string_view value) {
    size_t slot = std::hash<std::string_view>{}(value) % kSlots;
    for (; slots_[slot].data() != nullptr; slot = (slot + 1) % kSlots) {
      if (slots_[slot] == value) return;
    }
    slots_[slot] = value.data() == nullptr ? std::string_view("") : value;
    ++count_;
  }

 private:
  /// More than a sample has rows, so that there always is a free one.
  static constexpr size_t kSlots = 2 * kSampleRows;

  const int64_t limit_;
  int64_t count_ = 0;
  std::vector<std::string_view> slots_;
};

std::string_view ValueOf(const Array& piece, int64_t row) {
  if (const int64_t width = ValueBytes(*piece.type()); width > 0) {
    const auto* values = reinterpret_cast<const char*>(piece.data()->buffers[1]->data());
    return {values + (piece.offset() + row) * width, static_cast<size_t>(width)};
  }
  return arrow::is_large_binary_like(piece.type_id())
             ? checked_cast<const arrow::LargeBinaryArray&>(piece).GetView(row)
             : checked_cast<const arrow::BinaryArray&>(piece).GetView(row);
}

bool HasFewDistinct(const ArrayVector& sample) {
  int64_t values = 0;
  for (const auto& piece : sample) values += piece->length() - piece->null_count();
  DistinctCounter distinct(values / kValuesPerDistinct);
  for (const auto& piece : sample) {
    for (int64_t row = 0; row < piece->length() && !distinct.full(); ++row) {
      if (piece->IsValid(row)) distinct.Add(ValueOf(*piece, row));
    }
  }
  return !distinct.full();
}

Result<int64_t> CompressedBytes(const ColumnPlan& plan, parquet::Encoding::type encoding,
                                const ArrayVector& sample) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, EncodeValues(encoding, sample));
  ARROW_ASSIGN_OR_RAISE(auto compressed, CompressPage({plan.codec, false}, bytes));
  return compressed->size();
}

Result<bool> DeltaPays(const ColumnPlan& plan, const ArrayVector& sample) {
  ARROW_ASSIGN_OR_RAISE(const int64_t plain,
                        CompressedBytes(plan, parquet::Encoding::PLAIN, sample));
  ARROW_ASSIGN_OR_RAISE(const int64_t delta,
                        CompressedBytes(plan, parquet::Encoding::DELTA_BINARY_PACKED, sample));
  return delta < plain;
}

}  // namespace

Result<ColumnForm> ChooseForm(const ColumnPlan& plan, const ArrayVector& sample) {
  ColumnForm form;
  form.pages = plan.own_pages;
  form.dictionary = plan.dictionary;
  if (plan.byte_stream_split) form.encoding = parquet::Encoding::BYTE_STREAM_SPLIT;
  if (!plan.sampled || sample.empty()) return form;
  form.dictionary = HasFewDistinct(sample);
  if (form.dictionary) {
    form.pages = false;
  } else if (IsDeltaType(*plan.stored->type())) {
    ARROW_ASSIGN_OR_RAISE(const bool delta, DeltaPays(plan, sample));
    if (delta) form.encoding = parquet::Encoding::DELTA_BINARY_PACKED;
  }
  return form;
}

}  // namespace packed
