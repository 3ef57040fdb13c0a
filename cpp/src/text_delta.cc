#include "text_delta.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/util/bit_util.h"

#include "delta_values.h"
#include "packed/memory.h"
#include "page_support.h"

namespace packed {
namespace {

using arrow::Result;
using Bytes = std::span<const uint8_t>;
using Lengths = std::span<const int32_t>;

/// What prefixes make of a page: below the first bound it is believed, beyond it up to so many
/// times the page.
constexpr int64_t kTrustedBytes = 64 << 20;
constexpr int64_t kMostExpansion = 1 << 16;

arrow::Status Missing(int64_t count) {
  return arrow::Status::IOError("Expected ", count,
                                " texts in a page of deltas but received fewer");
}

/// Lengths that `bytes` begin with; these become what is behind.
Result<std::shared_ptr<arrow::Buffer>> ReadLengths(int64_t count, Bytes* bytes) {
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> lengths,
      arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(int32_t)), Pool()));
  auto* const values = lengths->mutable_data_as<int32_t>();
  if (!ReadDelta(*bytes, count, values, bytes)) return Missing(count);
  if (std::any_of(values, values + count, [](int32_t length) { return length < 0; })) {
    return arrow::Status::IOError(
        "Expected lengths of texts in a page but received a negative one");
  }
  return lengths;
}

int64_t SumOf(Lengths lengths) {
  int64_t sum = 0;
  for (const int32_t length : lengths) sum += length;
  return sum;
}

/// Offsets of values that lie one behind the other.
void SetOffsets(Lengths lengths, const uint8_t* validity, TextRows* text) {
  auto* const offsets = text->offsets->mutable_data_as<int64_t>();
  const int32_t* length = lengths.data();
  for (int64_t row = 0; row < text->rows; ++row) {
    const bool valid = validity == nullptr || arrow::bit_util::GetBit(validity, row);
    offsets[row + 1] = offsets[row] + (valid ? *length++ : 0);
  }
}

Result<TextRows> ReadLengthText(Bytes bytes, int64_t count, const uint8_t* validity, int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadLengths(count, &bytes));
  const auto lengths = Lengths(buffer->data_as<int32_t>(), static_cast<size_t>(count));
  const int64_t size = SumOf(lengths);
  if (size > static_cast<int64_t>(bytes.size())) return Missing(count);
  ARROW_ASSIGN_OR_RAISE(auto text, MakeTextRows(rows, size));
  if (size > 0) std::memcpy(text.bytes->mutable_data(), bytes.data(), static_cast<size_t>(size));
  SetOffsets(lengths, validity, &text);
  return text;
}

/// The sum of all values, each of which begins with so much of the one before; -1 where that has
/// less. Every value becomes its own length.
int64_t AddPrefixes(Lengths prefixes, int32_t* lengths) {
  int64_t sum = 0;
  int64_t before = 0;
  for (size_t i = 0; i < prefixes.size(); ++i) {
    if (prefixes[i] > before) return -1;
    before = int64_t{prefixes[i]} + lengths[i];
    if (before > INT32_MAX) return -1;
    lengths[i] = static_cast<int32_t>(before);
    sum += before;
  }
  return sum;
}

Result<TextRows> ReadPrefixText(Bytes bytes, int64_t count, const uint8_t* validity, int64_t rows) {
  const int64_t believed =
      std::max(kTrustedBytes, static_cast<int64_t>(bytes.size()) * kMostExpansion);
  ARROW_ASSIGN_OR_RAISE(const auto prefix_buffer, ReadLengths(count, &bytes));
  ARROW_ASSIGN_OR_RAISE(const auto buffer, ReadLengths(count, &bytes));
  const auto prefixes = Lengths(prefix_buffer->data_as<int32_t>(), static_cast<size_t>(count));
  const auto lengths = Lengths(buffer->data_as<int32_t>(), static_cast<size_t>(count));
  if (SumOf(lengths) > static_cast<int64_t>(bytes.size())) return Missing(count);
  const int64_t size = AddPrefixes(prefixes, buffer->mutable_data_as<int32_t>());
  if (size < 0) {
    return arrow::Status::IOError("Expected a text to begin with the one before but received more");
  }
  if (size > believed) {
    return arrow::Status::IOError("Expected at most ", believed, " bytes of text in a page of ",
                                  bytes.size(), " but received ", size);
  }
  ARROW_ASSIGN_OR_RAISE(auto text, MakeTextRows(rows, size));
  uint8_t* out = text.bytes->mutable_data();
  const uint8_t* before = out;
  for (size_t i = 0; i < prefixes.size(); ++i) {
    const auto prefix = static_cast<size_t>(prefixes[i]);
    const size_t suffix = static_cast<size_t>(lengths[i]) - prefix;
    if (prefix > 0) std::memcpy(out, before, prefix);
    if (suffix > 0) std::memcpy(out + prefix, bytes.data(), suffix);
    bytes = bytes.subspan(suffix);
    before = out;
    out += prefix + suffix;
  }
  SetOffsets(lengths, validity, &text);
  return text;
}

}  // namespace

Result<TextRows> ReadText(int32_t encoding, Bytes bytes, int64_t count, const uint8_t* validity,
                          int64_t rows) {
  if (count == 0) return ReadPlainText({}, 0, validity, rows);  // whatever is there in their place
  switch (encoding) {
    case kDeltaLengthText:
      return ReadLengthText(bytes, count, validity, rows);
    case kDeltaText:
      return ReadPrefixText(bytes, count, validity, rows);
    default:
      return ReadPlainText(bytes, count, validity, rows);
  }
}

}  // namespace packed
