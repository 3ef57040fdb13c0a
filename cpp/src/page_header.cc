#include "page_header.h"

#include <string_view>
#include <utility>

namespace packed {
namespace {

/// Thrift's compact protocol, as much of it as a page header needs.
class CompactWriter {
 public:
  void I32(int id, int64_t value) {
    Field(id, kI32);
    ZigZag(value);
  }

  void I64(int id, int64_t value) {
    Field(id, kI64);
    ZigZag(value);
  }

  void Bool(int id, bool value) { Field(id, value ? kTrue : kFalse); }

  void Binary(int id, std::string_view value) {
    Field(id, kBinary);
    VarInt(value.size());
    bytes_.append(value);
  }

  template <typename Body>
  void Struct(int id, Body&& body) {
    Field(id, kStruct);
    const int outer = std::exchange(last_id_, 0);
    body();
    Stop();
    last_id_ = outer;
  }

  void Stop() { bytes_.push_back('\0'); }

  std::string Take() { return std::move(bytes_); }

 private:
  enum Type { kTrue = 1, kFalse = 2, kI32 = 5, kI64 = 6, kBinary = 8, kStruct = 12 };

  void Field(int id, Type type) {
    const int step = id - last_id_;
    if (step > 0 && step <= 15) {
      bytes_.push_back(static_cast<char>(step << 4 | type));
    } else {
      bytes_.push_back(static_cast<char>(type));
      ZigZag(id);
    }
    last_id_ = id;
  }

  void ZigZag(int64_t value) {
    VarInt(static_cast<uint64_t>(value) << 1 ^ static_cast<uint64_t>(value >> 63));
  }

  void VarInt(uint64_t value) {
    for (; value > 127; value >>= 7) bytes_.push_back(static_cast<char>(value | 128));
    bytes_.push_back(static_cast<char>(value));
  }

  std::string bytes_;
  int last_id_ = 0;
};

void WriteStatistics(const parquet::EncodedStatistics& statistics, CompactWriter* out) {
  // The two old fields compare as signed values, whatever the type: only for types that do.
  if (statistics.has_max && statistics.is_signed()) out->Binary(1, statistics.max());
  if (statistics.has_min && statistics.is_signed()) out->Binary(2, statistics.min());
  if (statistics.has_null_count) out->I64(3, statistics.null_count);
  if (statistics.has_max) out->Binary(5, statistics.max());
  if (statistics.has_min) out->Binary(6, statistics.min());
  if (statistics.has_max && statistics.is_max_value_exact) {
    out->Bool(7, *statistics.is_max_value_exact);
  }
  if (statistics.has_min && statistics.is_min_value_exact) {
    out->Bool(8, *statistics.is_min_value_exact);
  }
}

constexpr int kDataPage = 0;
/// Far beyond the fields that the format has, or will have.
constexpr int kPaddingField = 16383;
/// Type byte, three bytes of id, one of length.
constexpr int64_t kLeastPadding = 5;

std::string Header(const PageFacts& facts, int64_t padding) {
  CompactWriter out;
  out.I32(1, kDataPage);
  out.I32(2, facts.uncompressed_bytes);
  out.I32(3, facts.stored_bytes);
  out.Struct(5, [&] {
    out.I32(1, facts.values);
    out.I32(2, facts.encoding);
    out.I32(3, parquet::Encoding::RLE);
    out.I32(4, parquet::Encoding::RLE);
    out.Struct(5, [&] { WriteStatistics(facts.statistics, &out); });  // empty where there are none
  });
  if (padding > 0) out.Binary(kPaddingField, std::string(padding - kLeastPadding, '\0'));
  out.Stop();
  return out.Take();
}

}  // namespace

std::string DataPageHeader(const PageFacts& facts) { return Header(facts, 0); }

std::string AlignedDataPageHeader(const PageFacts& facts, int64_t offset, int64_t alignment) {
  std::string header = Header(facts, 0);
  const int64_t excess = (offset + static_cast<int64_t>(header.size())) % alignment;
  if (excess == 0) return header;
  int64_t padding = alignment - excess;
  if (padding < kLeastPadding) padding += alignment;
  return Header(facts, padding);
}

}  // namespace packed
