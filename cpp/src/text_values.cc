#include "text_values.h"

#include <cstring>
#include <utility>

#include "arrow/util/bit_util.h"

#include "packed/memory.h"

namespace packed {
namespace {

constexpr int64_t kLengthBytes = 4;
/// Short values are copied with this many bytes, whatever follows them.
constexpr int64_t kBlindBytes = 16;

arrow::Status Missing(int64_t count) {
  return arrow::Status::IOError("Expected ", count, " texts in a page but received fewer");
}

/// Both sides have room for kBlindBytes where `blind`.
void Copy(uint8_t* out, const uint8_t* value, int64_t length, bool blind) {
  if (blind && length <= kBlindBytes) {
    std::memcpy(out, value, kBlindBytes);
  } else {
    std::memcpy(out, value, static_cast<size_t>(length));
  }
}

template <bool kNullable>
bool IsNull(const uint8_t* validity, int64_t row) {
  if constexpr (kNullable) return !arrow::bit_util::GetBit(validity, row);
  return false;
}

/// False where a value ends beyond the bytes, or where those so far have left no room for the
/// lengths of the others, for which there is no room in `text`.
template <bool kNullable>
bool CopyPlain(std::span<const uint8_t> bytes, const uint8_t* validity, TextRows* text) {
  const auto size = static_cast<int64_t>(bytes.size());
  int64_t* const offsets = text->offsets->mutable_data_as<int64_t>();
  uint8_t* const out = text->bytes->mutable_data();
  const int64_t room = text->bytes->size() - kBlindBytes;
  int64_t position = 0;
  int64_t written = 0;
  for (int64_t row = 0; row < text->rows; ++row) {
    if (!IsNull<kNullable>(validity, row)) {
      if (size - position < kLengthBytes) return false;
      uint32_t length = 0;
      std::memcpy(&length, bytes.data() + position, sizeof(length));
      position += kLengthBytes;
      if (length > size - position || length > room - written) return false;
      Copy(out + written, bytes.data() + position, length, size - position >= kBlindBytes);
      position += length;
      written += length;
    }
    offsets[row + 1] = written;
  }
  return true;
}

template <bool kNullable>
void CopyGathered(const TextRows& dictionary, std::span<const uint32_t> indices,
                  const uint8_t* validity, int64_t offset, TextRows* text) {
  const int64_t* const starts = dictionary.starts();
  const uint8_t* const values = dictionary.bytes->data();
  int64_t* const offsets = text->offsets->mutable_data_as<int64_t>();
  uint8_t* const out = text->bytes->mutable_data();
  const uint32_t* index = indices.data();
  int64_t written = 0;
  for (int64_t row = 0; row < text->rows; ++row) {
    if (!IsNull<kNullable>(validity, offset + row)) {
      const int64_t start = starts[*index];
      const int64_t length = starts[*index + 1] - start;
      ++index;
      Copy(out + written, values + start, length, true);
      written += length;
    }
    offsets[row + 1] = written;
  }
}

}  // namespace

arrow::Result<TextRows> MakeTextRows(int64_t rows, int64_t bytes) {
  TextRows text;
  text.rows = rows;
  ARROW_ASSIGN_OR_RAISE(text.offsets, arrow::AllocateBuffer((rows + 1) * sizeof(int64_t), Pool()));
  ARROW_ASSIGN_OR_RAISE(text.bytes, arrow::AllocateBuffer(bytes + kBlindBytes, Pool()));
  text.offsets->mutable_data_as<int64_t>()[0] = 0;
  return text;
}

arrow::Result<TextRows> ReadPlainText(std::span<const uint8_t> bytes, int64_t count,
                                      const uint8_t* validity, int64_t rows) {
  const auto size = static_cast<int64_t>(bytes.size());
  if (count > size / kLengthBytes) return Missing(count);
  ARROW_ASSIGN_OR_RAISE(auto text, MakeTextRows(rows, size - count * kLengthBytes));
  const bool whole = validity == nullptr ? CopyPlain<false>(bytes, validity, &text)
                                         : CopyPlain<true>(bytes, validity, &text);
  return whole ? arrow::Result<TextRows>(std::move(text)) : Missing(count);
}

arrow::Result<TextRows> GatherText(const TextRows& dictionary, std::span<const uint32_t> indices,
                                   const uint8_t* validity, int64_t offset, int64_t rows) {
  const int64_t* const starts = dictionary.starts();
  int64_t bytes = 0;
  for (const uint32_t index : indices) bytes += starts[index + 1] - starts[index];
  ARROW_ASSIGN_OR_RAISE(auto text, MakeTextRows(rows, bytes));
  if (validity == nullptr) {
    CopyGathered<false>(dictionary, indices, validity, offset, &text);
  } else {
    CopyGathered<true>(dictionary, indices, validity, offset, &text);
  }
  return text;
}

}  // namespace packed
