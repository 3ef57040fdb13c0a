#include "column_shape.h"

#include <algorithm>

#include "arrow/type_traits.h"

namespace packed {
namespace {

/// A wider value would make every sum of sizes a risk, and gains nothing by own code.
constexpr int64_t kMostWidth = 1 << 20;

std::optional<ColumnShape> Same(int64_t width) {
  return ColumnShape{ColumnShape::Form::kBytes, width, width};
}

std::optional<ColumnShape> Integers(int64_t width) {
  return ColumnShape{ColumnShape::Form::kBytes, width, width, false, true};
}

std::optional<ColumnShape> Narrow(int64_t width) {
  return ColumnShape{ColumnShape::Form::kNarrow, width, sizeof(int32_t), false, true};
}

std::optional<ColumnShape> ShapeOfValues(const parquet::ColumnDescriptor& leaf,
                                         const arrow::DataType& stored) {
  using arrow::Type;
  const auto id = stored.id();
  switch (leaf.physical_type()) {
    case parquet::Type::BOOLEAN:
      if (id != Type::BOOL) return std::nullopt;
      return ColumnShape{ColumnShape::Form::kBits};
    case parquet::Type::INT32:
      if (id == Type::INT8 || id == Type::UINT8) return Narrow(1);
      if (id == Type::INT16 || id == Type::UINT16) return Narrow(2);
      if (id == Type::INT32 || id == Type::UINT32 || id == Type::DATE32 || id == Type::TIME32) {
        return Integers(4);
      }
      return std::nullopt;
    case parquet::Type::INT64:
      if (id == Type::INT64 || id == Type::UINT64 || id == Type::TIMESTAMP || id == Type::TIME64 ||
          id == Type::DURATION) {
        return Integers(8);
      }
      return std::nullopt;
    case parquet::Type::FLOAT:
      return id == Type::FLOAT ? Same(4) : std::nullopt;
    case parquet::Type::DOUBLE:
      return id == Type::DOUBLE ? Same(8) : std::nullopt;
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: {
      const int64_t width = leaf.type_length();
      if (width <= 0 || width > kMostWidth) return std::nullopt;
      const bool half = id == Type::HALF_FLOAT && width == 2;
      const bool same = id == Type::FIXED_SIZE_BINARY && stored.byte_width() == width;
      return half || same ? Same(width) : std::nullopt;
    }
    case parquet::Type::BYTE_ARRAY:
      if (!arrow::is_base_binary_like(id)) return std::nullopt;
      return ColumnShape{ColumnShape::Form::kText};
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<ColumnShape> ShapeOf(const parquet::ColumnDescriptor& leaf,
                                   const arrow::DataType& stored) {
  if (leaf.max_repetition_level() > 0 || leaf.max_definition_level() > 1) return std::nullopt;
  auto shape = ShapeOfValues(leaf, stored);
  if (!shape) return shape;
  shape->optional = leaf.max_definition_level() == 1;
  shape->physical = leaf.physical_type();
  return shape;
}

bool MayDecode(const parquet::ColumnChunkMetaData& chunk) {
  if (chunk.crypto_metadata()) return false;
  switch (chunk.compression()) {
    case parquet::Compression::UNCOMPRESSED:
    case parquet::Compression::ZSTD:
    case parquet::Compression::SNAPPY:
      break;
    default:
      return false;
  }
  const auto& encodings = chunk.encodings();
  return std::all_of(encodings.begin(), encodings.end(), [](parquet::Encoding::type encoding) {
    return encoding == parquet::Encoding::PLAIN || encoding == parquet::Encoding::RLE ||
           encoding == parquet::Encoding::PLAIN_DICTIONARY ||
           encoding == parquet::Encoding::RLE_DICTIONARY ||
           encoding == parquet::Encoding::DELTA_BINARY_PACKED ||
           encoding == parquet::Encoding::DELTA_LENGTH_BYTE_ARRAY ||
           encoding == parquet::Encoding::DELTA_BYTE_ARRAY ||
           encoding == parquet::Encoding::BYTE_STREAM_SPLIT ||
           encoding == parquet::Encoding::BIT_PACKED;  // some list it for levels that are not there
  });
}

int64_t ChunkOffset(const parquet::ColumnChunkMetaData& chunk) {
  int64_t offset = chunk.data_page_offset();
  if (chunk.has_dictionary_page() && chunk.dictionary_page_offset() > 0) {
    offset = std::min(offset, chunk.dictionary_page_offset());
  }
  return offset >= 0 ? offset : -1;
}

}  // namespace packed
