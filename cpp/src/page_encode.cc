#include "page_encode.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "arrow/util/checked_cast.h"
#include "arrow/util/endian.h"
#include "arrow/util/ubsan.h"
#include "parquet/column_writer.h"

#include "byte_split.h"
#include "compression_meter.h"
#include "delta_encode.h"
#include "packed/memory.h"
#include "page_cut.h"
#include "page_scratch.h"
#include "page_statistics.h"
#include "raw_frame.h"
#include "valid_runs.h"

namespace packed {
namespace {

using arrow::Array;
using arrow::ArrayVector;
using arrow::Buffer;
using arrow::Result;
using arrow::Status;
using arrow::bit_util::ToLittleEndian;
using arrow::internal::checked_cast;
using arrow::util::SafeStore;

constexpr int64_t kLengthBytes = 4;

int64_t FixedBytes(const Array& piece, int64_t width) {
  return (piece.length() - piece.null_count()) * width;
}

uint8_t* CopyFixed(const Array& piece, int64_t width, uint8_t* out) {
  const arrow::ArrayData& data = *piece.data();
  ForEachRun(piece, [&](int64_t begin, int64_t rows) {
    std::memcpy(out, data.buffers[1]->data() + (data.offset + begin) * width, rows * width);
    out += rows * width;
  });
  return out;
}

template <typename ArrayType>
int64_t BinaryBytes(const Array& array) {
  const auto& piece = checked_cast<const ArrayType&>(array);
  int64_t bytes = 0;
  ForEachRun(piece, [&](int64_t begin, int64_t rows) {
    bytes += rows * kLengthBytes + piece.value_offset(begin + rows) - piece.value_offset(begin);
  });
  return bytes;
}

template <typename ArrayType>
uint8_t* CopyBinary(const Array& array, uint8_t* out) {
  const auto& piece = checked_cast<const ArrayType&>(array);
  const auto* offsets = piece.raw_value_offsets();
  const uint8_t* bytes = piece.raw_data();
  ForEachRun(piece, [&](int64_t begin, int64_t rows) {
    for (int64_t i = begin; i < begin + rows; ++i) {
      const auto length = static_cast<uint32_t>(offsets[i + 1] - offsets[i]);
      SafeStore(out, ToLittleEndian(length));
      out += kLengthBytes;
      if (length > 0) std::memcpy(out, bytes + offsets[i], length);
      out += length;
    }
  });
  return out;
}

bool IsLarge(const Array& piece) { return arrow::is_large_binary_like(piece.type_id()); }

int64_t PlainBytes(const Array& piece) {
  const int64_t width = ValueBytes(*piece.type());
  if (width > 0) return FixedBytes(piece, width);
  return IsLarge(piece) ? BinaryBytes<arrow::LargeBinaryArray>(piece)
                        : BinaryBytes<arrow::BinaryArray>(piece);
}

uint8_t* CopyPlain(const Array& piece, uint8_t* out) {
  const int64_t width = ValueBytes(*piece.type());
  if (width > 0) return CopyFixed(piece, width, out);
  return IsLarge(piece) ? CopyBinary<arrow::LargeBinaryArray>(piece, out)
                        : CopyBinary<arrow::BinaryArray>(piece, out);
}

/// Definition levels of an optional column as a V1 page has them: their length, then RLE.
std::vector<uint8_t> EncodeLevels(const ArrayVector& pieces) {
  std::vector<int16_t> levels;
  levels.reserve(RowsOf(pieces));
  for (const auto& piece : pieces) {
    const size_t first = levels.size();
    levels.resize(first + piece->length(), piece->null_count() == 0 ? 1 : 0);
    if (piece->null_count() == 0) continue;
    ForEachRun(*piece, [&](int64_t begin, int64_t rows) {
      std::fill_n(levels.begin() + static_cast<int64_t>(first) + begin, rows, 1);
    });
  }
  const auto count = static_cast<int>(levels.size());
  const int most = parquet::LevelEncoder::MaxBufferSize(parquet::Encoding::RLE, 1, count);
  std::vector<uint8_t> out(kLengthBytes + most);
  parquet::LevelEncoder encoder;
  encoder.Init(parquet::Encoding::RLE, 1, count, out.data() + kLengthBytes, most);
  encoder.Encode(count, levels.data());
  SafeStore(out.data(), ToLittleEndian(static_cast<uint32_t>(encoder.len())));
  out.resize(kLengthBytes + encoder.len());
  return out;
}

/// Memory of the thread, valid until its next page, where that is enough and `transient`.
Result<std::shared_ptr<Buffer>> AllocatePage(int64_t bytes, bool transient) {
  if (uint8_t* scratch = transient ? ScratchMemory(Scratch::kPlainPage, bytes) : nullptr) {
    return std::make_shared<arrow::MutableBuffer>(scratch, bytes);
  }
  return arrow::AllocateBuffer(bytes, Pool());
}

/// Levels and PLAIN values in one buffer.
Result<std::shared_ptr<Buffer>> EncodePlain(const std::vector<uint8_t>& levels,
                                            const ArrayVector& pieces, bool transient) {
  int64_t bytes = static_cast<int64_t>(levels.size());
  for (const auto& piece : pieces) bytes += PlainBytes(*piece);
  ARROW_ASSIGN_OR_RAISE(auto page, AllocatePage(bytes, transient));
  uint8_t* out = std::copy(levels.begin(), levels.end(), page->mutable_data());
  for (const auto& piece : pieces) out = CopyPlain(*piece, out);
  return page;
}

/// The values of a required column of fixed width where they lie.
arrow::BufferVector BorrowPlain(const ArrayVector& pieces) {
  arrow::BufferVector borrowed;
  for (const auto& piece : pieces) {
    const arrow::ArrayData& data = *piece->data();
    const int64_t width = ValueBytes(*data.type);
    borrowed.push_back(
        arrow::SliceBuffer(data.buffers[1], data.offset * width, data.length * width));
  }
  return borrowed;
}

/// Levels and encoded values in one buffer.
Result<std::shared_ptr<Buffer>> WithLevels(const std::vector<uint8_t>& levels, const Buffer& values,
                                           bool transient) {
  const auto level_bytes = static_cast<int64_t>(levels.size());
  ARROW_ASSIGN_OR_RAISE(auto page, AllocatePage(level_bytes + values.size(), transient));
  uint8_t* const out = std::copy(levels.begin(), levels.end(), page->mutable_data());
  if (values.size() > 0) std::memcpy(out, values.data(), values.size());
  return page;
}

/// Levels and split values.
Result<std::shared_ptr<Buffer>> EncodeSplit(const std::vector<uint8_t>& levels,
                                            const ArrayVector& pieces, bool transient) {
  std::shared_ptr<Buffer> values;
  if (pieces.size() == 1 && pieces[0]->null_count() == 0) {
    values = BorrowPlain(pieces)[0];
  } else {
    ARROW_ASSIGN_OR_RAISE(values, EncodePlain({}, pieces, false));
  }
  const int64_t width = ValueBytes(*pieces[0]->type());
  const auto level_bytes = static_cast<int64_t>(levels.size());
  ARROW_ASSIGN_OR_RAISE(auto page, AllocatePage(level_bytes + values->size(), transient));
  uint8_t* out = std::copy(levels.begin(), levels.end(), page->mutable_data());
  SplitBytes(values->data(), values->size() / width, width, out);
  return page;
}

Result<std::shared_ptr<Buffer>> PageBytes(const PageForm& form, const ArrayVector& pieces) {
  const bool transient = form.compression.codec.type != arrow::Compression::UNCOMPRESSED;
  const bool optional = form.column->max_definition_level() > 0;
  const auto levels = optional ? EncodeLevels(pieces) : std::vector<uint8_t>();
  if (form.encoding == parquet::Encoding::BYTE_STREAM_SPLIT) {
    return EncodeSplit(levels, pieces, transient);
  }
  if (form.encoding != parquet::Encoding::PLAIN) {
    ARROW_ASSIGN_OR_RAISE(auto values, EncodeDeltas(form.encoding, pieces));
    return optional ? WithLevels(levels, *values, transient) : std::move(values);
  }
  if (optional) return EncodePlain(levels, pieces, transient);
  if (pieces.size() == 1 && ValueBytes(*pieces[0]->type()) > 0) return BorrowPlain(pieces)[0];
  return EncodePlain({}, pieces, transient);
}

Status CheckPageSize(const PageForm& form, int64_t bytes) {
  if (bytes <= std::numeric_limits<int32_t>::max()) return Status::OK();
  return Status::Invalid("Expected a page of less than 2 GiB for column '", form.column->name(),
                         "' but received ", bytes, " bytes");
}

/// The page as it goes into the file, counted.
Result<std::shared_ptr<Buffer>> CompressCounted(const PageForm& form,
                                                const std::shared_ptr<Buffer>& bytes) {
  const Stopwatch watch;
  ARROW_ASSIGN_OR_RAISE(auto stored, CompressPage(form.compression, bytes));
  const auto codec = form.compression.codec.type;
  if (!form.trial && codec != arrow::Compression::UNCOMPRESSED) {
    CompressionKind kind;
    kind.codec = codec;
    kind.type = form.column->physical_type();
    kind.stored = form.compression.adaptive && stored->size() == RawFrameBytes(bytes->size());
    CountCompression(kind, bytes->size(), stored->size(), watch.elapsed());
  }
  return stored;
}

}  // namespace

bool IsPageType(const arrow::DataType& type) {
  return ValueBytes(type) > 0 || arrow::is_base_binary_like(type.id());
}

bool IsDeltaType(const arrow::DataType& type) {
  return (arrow::is_integer(type.id()) || arrow::is_temporal(type.id())) && ValueBytes(type) > 0;
}

int64_t ValueBytes(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
    case arrow::Type::FLOAT:
    case arrow::Type::DATE32:
      return 4;
    case arrow::Type::INT64:
    case arrow::Type::UINT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::TIME64:
      return 8;
    case arrow::Type::TIMESTAMP:  // seconds are stored as milliseconds
      return checked_cast<const arrow::TimestampType&>(type).unit() == arrow::TimeUnit::SECOND ? 0
                                                                                               : 8;
    case arrow::Type::FIXED_SIZE_BINARY:
      return checked_cast<const arrow::FixedSizeBinaryType&>(type).byte_width();
    default:
      return 0;
  }
}

Result<std::shared_ptr<Buffer>> EncodeValues(parquet::Encoding::type encoding,
                                             const ArrayVector& pieces) {
  if (encoding == parquet::Encoding::PLAIN) return EncodePlain({}, pieces, false);
  return EncodeDeltas(encoding, pieces);
}

Result<EncodedPage> EncodePage(const PageForm& form, const ArrayVector& pieces) {
  EncodedPage page;
  page.facts.values = static_cast<int32_t>(RowsOf(pieces));
  page.facts.encoding = form.encoding;
  const bool borrows = form.compression.codec.type == arrow::Compression::UNCOMPRESSED &&
                       form.column->max_definition_level() == 0 &&
                       form.encoding == parquet::Encoding::PLAIN &&
                       ValueBytes(*pieces[0]->type()) > 0;
  page.borrows = borrows;
  if (borrows) {
    page.body = BorrowPlain(pieces);
    for (const auto& piece : page.body) page.facts.stored_bytes += piece->size();
    page.facts.uncompressed_bytes = page.facts.stored_bytes;
  } else {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, PageBytes(form, pieces));
    ARROW_RETURN_NOT_OK(CheckPageSize(form, bytes->size()));
    ARROW_ASSIGN_OR_RAISE(auto stored, CompressCounted(form, bytes));
    page.facts.uncompressed_bytes = bytes->size();
    page.facts.stored_bytes = stored->size();
    page.body = {std::move(stored)};
  }
  ARROW_RETURN_NOT_OK(CheckPageSize(form, page.facts.stored_bytes));
  if (form.statistics) {
    page.statistics = parquet::Statistics::Make(form.column, Pool());
    for (const auto& piece : pieces) {
      ARROW_RETURN_NOT_OK(UpdateStatistics(*piece, page.statistics.get()));
    }
  }
  return page;
}

}  // namespace packed
