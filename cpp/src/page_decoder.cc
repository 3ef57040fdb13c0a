#include "page_decoder.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"
#include "arrow/util/crc32.h"

#include "byte_split.h"
#include "delta_values.h"
#include "hybrid_runs.h"
#include "packed/memory.h"
#include "page_inflate.h"
#include "spread_values.h"
#include "text_delta.h"

namespace packed {
namespace {

constexpr int64_t kLengthBytes = 4;
constexpr int kMostIndexBits = 32;
/// Indices are looked up in portions that stay in the first cache.
constexpr int64_t kIndexPortion = 1024;
/// No codec makes more of its input; what claims to is not worth the memory.
constexpr int64_t kMostExpansion = 1 << 16;

arrow::Status Mismatch(const char* what, int64_t expected, int64_t received) {
  return arrow::Status::IOError("Expected ", expected, " ", what, " in a page but received ",
                                received);
}

arrow::Status CheckExpansion(size_t compressed, int64_t size) {
  const auto received = static_cast<int64_t>(compressed);
  if (size / kMostExpansion <= received) return arrow::Status::OK();
  return Mismatch("compressed bytes at least", size / kMostExpansion, received);
}

/// A buffer of at least `size` bytes, the one that is there or another.
arrow::Result<uint8_t*> Room(int64_t size, std::shared_ptr<arrow::Buffer>* buffer) {
  if (!*buffer || (*buffer)->size() < size) {
    buffer->reset();
    ARROW_ASSIGN_OR_RAISE(*buffer, arrow::AllocateBuffer(std::max<int64_t>(size, 64), Pool()));
  }
  return (*buffer)->mutable_data();
}

}  // namespace

arrow::Result<PageDecoder::Bytes> PageDecoder::Body(const PageAt& page) {
  ARROW_ASSIGN_OR_RAISE(const Bytes body,
                        bytes_.Get(page.body_offset, page.header.compressed_bytes));
  if (page.header.crc) {
    const uint32_t crc = arrow::internal::crc32(0, body.data(), body.size());
    if (crc != *page.header.crc) {
      return arrow::Status::IOError("Expected a page with the checksum of its header but received ",
                                    "another one");
    }
  }
  return body;
}

/// To `straight` where it is not null, which has room for `size` bytes.
arrow::Result<PageDecoder::Bytes> PageDecoder::Decompress(Bytes bytes, int64_t size,
                                                          uint8_t* straight) {
  if (size == 0) return Bytes();
  ARROW_RETURN_NOT_OK(CheckExpansion(bytes.size(), size));
  uint8_t* target = straight;
  if (target == nullptr) {
    ARROW_ASSIGN_OR_RAISE(target, Room(size, &decompressed_));
  }
  const Stopwatch watch;
  ARROW_ASSIGN_OR_RAISE(const int64_t received, DecompressPage(codec_, bytes, size, target));
  if (received != size) return Mismatch("decompressed bytes", size, received);
  CountCompression(Kind(false), size, static_cast<int64_t>(bytes.size()), watch.elapsed());
  return Bytes(target, static_cast<size_t>(size));
}

/// What a page is counted as; `stored`: one that is not decompressed but read.
CompressionKind PageDecoder::Kind(bool stored) const {
  CompressionKind kind;
  kind.way = CompressionWay::kDecompress;
  kind.codec = codec_;
  kind.type = shape_.physical;
  kind.stored = stored;
  return kind;
}

/// False where the page is not stored inside a frame of ZSTD as it is.
arrow::Result<bool> PageDecoder::ReadStored(const PageAt& page, uint8_t* straight) {
  const ParsedPage& header = page.header;
  const Stopwatch watch;
  ARROW_ASSIGN_OR_RAISE(const bool read, bytes_.ReadRaw(page.body_offset, header.compressed_bytes,
                                                        header.uncompressed_bytes, straight));
  if (read) {
    CountCompression(Kind(true), header.uncompressed_bytes, header.compressed_bytes,
                     watch.elapsed());
  }
  return read;
}

/// Values of a dictionary that are stored in the form that they are looked up in, without a second
/// copy: a dictionary may be as large as a page, and is held beside the budget.
arrow::Result<PageDictionary> PageDecoder::ReadDictionary(const PageAt& page) {
  const int64_t size = page.header.uncompressed_bytes;
  std::shared_ptr<arrow::Buffer> values;
  if (codec_ == parquet::Compression::UNCOMPRESSED) {
    ARROW_ASSIGN_OR_RAISE(values, arrow::AllocateBuffer(size, Pool()));
    ARROW_RETURN_NOT_OK(bytes_.Read(page.body_offset, size, values->mutable_data()));
  } else {
    ARROW_ASSIGN_OR_RAISE(const Bytes body, Body(page));
    ARROW_RETURN_NOT_OK(CheckExpansion(body.size(), size));
    ARROW_ASSIGN_OR_RAISE(values, arrow::AllocateBuffer(size, Pool()));
    ARROW_RETURN_NOT_OK(Decompress(body, size, values->mutable_data()).status());
  }
  return PageDictionary{std::move(values), page.header.values, {}};
}

arrow::Result<bool> PageDecoder::HasRawRows(const PageAt& page) const {
  const ParsedPage& header = page.header;
  if (!CompressesRows(header, shape_, codec_)) return false;
  return bytes_.IsRaw(page.body_offset, header.compressed_bytes, header.uncompressed_bytes);
}

arrow::Status PageDecoder::ReadRawRows(const PageAt& page, int64_t first, int64_t rows,
                                       uint8_t* values) const {
  const int64_t size = rows * shape_.width;
  const Stopwatch watch;
  ARROW_RETURN_NOT_OK(bytes_.ReadRawPart(page.body_offset, first * shape_.width, size, values));
  CountCompression(Kind(true), size, size, watch.elapsed());
  return arrow::Status::OK();
}

arrow::Result<PageDictionary> PageDecoder::DecodeDictionary(const PageAt& page) {
  const ParsedPage& header = page.header;
  const bool compressed = codec_ != parquet::Compression::UNCOMPRESSED;
  const bool one_read = !header.crc && header.compressed_bytes == header.uncompressed_bytes;
  if (shape_.form == ColumnShape::Form::kBytes && shape_.width == shape_.stored_width &&
      header.uncompressed_bytes == header.values * shape_.width && (compressed || one_read)) {
    return ReadDictionary(page);
  }
  ARROW_ASSIGN_OR_RAISE(Bytes bytes, Body(page));
  if (compressed) {
    ARROW_ASSIGN_OR_RAISE(bytes, Decompress(bytes, header.uncompressed_bytes, nullptr));
  }
  if (shape_.form == ColumnShape::Form::kText) {
    ARROW_ASSIGN_OR_RAISE(auto text, ReadPlainText(bytes, header.values, nullptr, header.values));
    return PageDictionary{nullptr, header.values, std::move(text)};
  }
  const auto size = static_cast<int64_t>(bytes.size());
  if (header.values > size / shape_.stored_width) {
    return Mismatch("bytes of a dictionary", header.values * shape_.stored_width, size);
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> values,
                        arrow::AllocateBuffer(header.values * shape_.width, Pool()));
  SpreadValues(shape_, bytes.data(), header.values, nullptr, header.values, values->mutable_data());
  return PageDictionary{std::move(values), header.values, {}};
}

arrow::Status PageDecoder::DecodeLevels(Bytes levels, int64_t rows, PageValidity* validity) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bits,
                        arrow::AllocateBuffer(arrow::bit_util::BytesForBits(rows), Pool()));
  if (!HybridRuns(levels, 1).ReadBits(rows, bits->mutable_data())) {
    return arrow::Status::IOError("Expected definition levels of ", rows, " rows in a page but ",
                                  "received fewer");
  }
  const int64_t set = arrow::internal::CountSetBits(bits->data(), 0, rows);
  validity->nulls = rows - set;
  if (validity->nulls > 0) validity->bits = std::move(bits);
  return arrow::Status::OK();
}

arrow::Result<PageDecoder::Bytes> PageDecoder::SplitV1(const PageAt& page, uint8_t* straight,
                                                       PageValidity* validity) {
  ARROW_ASSIGN_OR_RAISE(Bytes bytes, Body(page));
  if (codec_ != parquet::Compression::UNCOMPRESSED) {
    ARROW_ASSIGN_OR_RAISE(bytes, Decompress(bytes, page.header.uncompressed_bytes,
                                            shape_.optional ? nullptr : straight));
  }
  if (!shape_.optional) return bytes;
  uint32_t length = 0;
  if (bytes.size() >= kLengthBytes) std::memcpy(&length, bytes.data(), sizeof(length));
  if (bytes.size() < kLengthBytes || length > bytes.size() - kLengthBytes) {
    return Mismatch("bytes of definition levels", length, static_cast<int64_t>(bytes.size()));
  }
  ARROW_RETURN_NOT_OK(
      DecodeLevels(bytes.subspan(kLengthBytes, length), page.header.values, validity));
  return bytes.subspan(kLengthBytes + length);
}

arrow::Result<PageDecoder::Bytes> PageDecoder::SplitV2(const PageAt& page, uint8_t* straight,
                                                       PageValidity* validity) {
  const ParsedPage& header = page.header;
  ARROW_ASSIGN_OR_RAISE(Bytes bytes, Body(page));
  const int64_t levels = header.definition_bytes;
  if (levels > static_cast<int64_t>(bytes.size()) || levels > header.uncompressed_bytes) {
    return Mismatch("bytes of definition levels", levels, static_cast<int64_t>(bytes.size()));
  }
  if (shape_.optional) {
    ARROW_RETURN_NOT_OK(
        DecodeLevels(bytes.first(static_cast<size_t>(levels)), header.values, validity));
  }
  bytes = bytes.subspan(static_cast<size_t>(levels));
  if (!header.compressed || codec_ == parquet::Compression::UNCOMPRESSED) return bytes;
  return Decompress(bytes, header.uncompressed_bytes - levels,
                    validity->nulls == 0 ? straight : nullptr);
}

/// The values of a page behind its levels.
arrow::Result<PageDecoder::Bytes> PageDecoder::Split(const PageAt& page, uint8_t* straight,
                                                     PageValidity* validity) {
  *validity = {};
  return page.header.kind == PageKind::kDataV2 ? SplitV2(page, straight, validity)
                                               : SplitV1(page, straight, validity);
}

/// Calls take(first, indices) for portions of the indices of a page, all within the dictionary.
template <typename Take>
arrow::Status PageDecoder::ForIndices(Bytes bytes, int64_t count, const PageDictionary& dictionary,
                                      Take&& take) {
  if (!dictionary.values && !dictionary.text.bytes) {
    return arrow::Status::IOError("Expected a dictionary before a page of indices but received ",
                                  "none");
  }
  if (count == 0) return arrow::Status::OK();
  if (bytes.empty() || bytes.front() > kMostIndexBits) {
    return arrow::Status::IOError(
        "Expected indices of at most 32 bits in a page but received none");
  }
  HybridRuns runs(bytes.subspan(1), bytes.front());
  uint32_t indices[kIndexPortion];
  for (int64_t done = 0; done < count;) {
    const int64_t portion = std::min(kIndexPortion, count - done);
    if (!runs.Read(portion, indices)) return Mismatch("indices", count, done);
    const uint32_t largest = *std::max_element(indices, indices + portion);
    if (largest >= dictionary.count) {
      return arrow::Status::IOError("Expected indices below ", dictionary.count,
                                    " in a page but received ", largest);
    }
    take(done, std::span<const uint32_t>(indices, static_cast<size_t>(portion)));
    done += portion;
  }
  return arrow::Status::OK();
}

arrow::Result<const uint8_t*> PageDecoder::LookUp(Bytes bytes, int64_t count,
                                                  const PageDictionary& dictionary,
                                                  uint8_t* straight) {
  uint8_t* target = straight;
  if (target == nullptr) {
    ARROW_ASSIGN_OR_RAISE(target, Room(count * shape_.width, &looked_up_));
  }
  ARROW_RETURN_NOT_OK(ForIndices(bytes, count, dictionary, [&](int64_t first, auto indices) {
    GatherValues(dictionary.values->data(), shape_.width, indices.data(),
                 static_cast<int64_t>(indices.size()), target + first * shape_.width);
  }));
  return target;
}

arrow::Result<TextRows> PageDecoder::DecodeText(const PageAt& page,
                                                const PageDictionary& dictionary,
                                                PageValidity* validity) {
  const int64_t rows = page.header.values;
  if (HasIndices(page.header)) {
    ARROW_ASSIGN_OR_RAISE(const auto indices, DecodeIndices(page, dictionary, validity));
    const uint8_t* const bits = validity->bits ? validity->bits->data() : nullptr;
    return GatherText(dictionary.text, indices->span_as<uint32_t>(), bits, 0, rows);
  }
  ARROW_ASSIGN_OR_RAISE(const Bytes bytes, Split(page, nullptr, validity));
  const uint8_t* const bits = validity->bits ? validity->bits->data() : nullptr;
  return ReadText(page.header.encoding, bytes, rows - validity->nulls, bits, rows);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> PageDecoder::DecodeIndices(
    const PageAt& page, const PageDictionary& dictionary, PageValidity* validity) {
  ARROW_ASSIGN_OR_RAISE(const Bytes bytes, Split(page, nullptr, validity));
  const int64_t count = page.header.values - validity->nulls;
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> all,
      arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(uint32_t)), Pool()));
  auto* const out = all->mutable_data_as<uint32_t>();
  ARROW_RETURN_NOT_OK(ForIndices(bytes, count, dictionary, [&](int64_t first, auto indices) {
    std::copy(indices.begin(), indices.end(), out + first);
  }));
  return all;
}

arrow::Status PageDecoder::DecodeBits(const ParsedPage& page, Bytes bytes,
                                      const PageValidity& validity, uint8_t* values) {
  const int64_t count = page.values - validity.nulls;
  const uint8_t* dense = bytes.data();
  if (page.encoding == kRle) {
    if (bytes.size() < kLengthBytes) return Mismatch("bytes of bits", kLengthBytes, 0);
    ARROW_ASSIGN_OR_RAISE(uint8_t* const room,
                          Room(arrow::bit_util::BytesForBits(count), &looked_up_));
    if (!HybridRuns(bytes.subspan(kLengthBytes), 1).ReadBits(count, room)) {
      return arrow::Status::IOError("Expected ", count, " bits in a page but received fewer");
    }
    dense = room;
  } else if (count > static_cast<int64_t>(bytes.size()) * 8) {
    return Mismatch("bits", count, static_cast<int64_t>(bytes.size()) * 8);
  }
  SpreadBits(dense, count, validity.bits ? validity.bits->data() : nullptr, page.values, values);
  return arrow::Status::OK();
}

/// The values as PLAIN has them: at `straight` where it is not null and they are not so already.
arrow::Result<const uint8_t*> PageDecoder::Dense(int32_t encoding, Bytes bytes, int64_t count,
                                                 uint8_t* straight) {
  const int64_t width = shape_.stored_width;
  const auto size = static_cast<int64_t>(bytes.size());
  if (encoding != kDelta && count > size / width) {
    return Mismatch("bytes of values", count * width, size);
  }
  if (encoding == kPlain) return bytes.data();
  uint8_t* target = straight;
  if (target == nullptr) {
    ARROW_ASSIGN_OR_RAISE(target, Room(count * width, &looked_up_));
  }
  if (encoding == kSplit) {
    SplitBytes(bytes.data(), width, count, target);  // back is the same with rows for columns
    return target;
  }
  const bool whole = width == sizeof(int32_t)
                         ? ReadDelta(bytes, count, reinterpret_cast<int32_t*>(target))
                         : ReadDelta(bytes, count, reinterpret_cast<int64_t*>(target));
  if (whole) return target;
  return arrow::Status::IOError("Expected ", count, " deltas in a page but received fewer");
}

arrow::Status PageDecoder::DecodeValues(const ParsedPage& page, Bytes bytes,
                                        const PageDictionary& dictionary,
                                        const PageValidity& validity, uint8_t* values) {
  if (shape_.form == ColumnShape::Form::kBits) return DecodeBits(page, bytes, validity, values);
  const int64_t count = page.values - validity.nulls;
  const uint8_t* const bits = validity.bits ? validity.bits->data() : nullptr;
  if (IsDictionary(page.encoding)) {
    ARROW_ASSIGN_OR_RAISE(const uint8_t* dense,
                          LookUp(bytes, count, dictionary, bits == nullptr ? values : nullptr));
    if (bits == nullptr) return arrow::Status::OK();
    // The dictionary has the width of Arrow already.
    const ColumnShape same{ColumnShape::Form::kBytes, shape_.width, shape_.width, true};
    SpreadValues(same, dense, count, bits, page.values, values);
    return arrow::Status::OK();
  }
  const bool same = bits == nullptr && shape_.form == ColumnShape::Form::kBytes;
  ARROW_ASSIGN_OR_RAISE(const uint8_t* dense,
                        Dense(page.encoding, bytes, count, same ? values : nullptr));
  if (dense == values) return arrow::Status::OK();
  SpreadValues(shape_, dense, count, bits, page.values, values);
  return arrow::Status::OK();
}

arrow::Status PageDecoder::Decode(const PageAt& page, const PageDictionary& dictionary,
                                  uint8_t* values, PageValidity* validity) {
  const ParsedPage& header = page.header;
  // Stored rows go from the file to their place, with no copy in between.
  if (StoresRows(header, shape_, codec_)) {
    *validity = {};
    return bytes_.Read(page.body_offset, header.values * shape_.width, values);
  }
  const bool v2 = header.kind == PageKind::kDataV2;
  const int64_t value_bytes = header.uncompressed_bytes - (v2 ? header.definition_bytes : 0);
  const bool plain = header.encoding == kPlain && shape_.form == ColumnShape::Form::kBytes;
  uint8_t* const straight = plain && value_bytes == header.values * shape_.width ? values : nullptr;
  if (CompressesRows(header, shape_, codec_)) {
    ARROW_ASSIGN_OR_RAISE(const bool read, ReadStored(page, straight));
    *validity = {};
    if (read) return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const Bytes bytes, Split(page, straight, validity));
  return DecodeValues(header, bytes, dictionary, *validity, values);
}

}  // namespace packed
