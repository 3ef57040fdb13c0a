#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "arrow/buffer.h"
#include "arrow/result.h"
#include "arrow/status.h"
#include "parquet/types.h"

#include "chunk_bytes.h"
#include "column_shape.h"
#include "compression_meter.h"
#include "page_support.h"
#include "read_page_header.h"
#include "text_values.h"

namespace packed {

/// A page and where it is.
struct PageAt {
  ParsedPage header;
  int64_t body_offset = 0;  ///< in the file
};

/// The values of a dictionary page, as Arrow has them.
struct PageDictionary {
  std::shared_ptr<arrow::Buffer> values;
  int64_t count = 0;
  TextRows text;  ///< instead of values, of a column of text
};

/// The rows of a page that are not null.
struct PageValidity {
  std::shared_ptr<arrow::Buffer> bits;  ///< null = all of them
  int64_t nulls = 0;
};

/// \brief Decodes pages of one column chunk, straight to where their values belong. One thread.
///
/// A page that says of itself what is not so is an IOError that says what was expected.
class PageDecoder {
 public:
  PageDecoder(const ColumnShape& shape, parquet::Compression::type codec, ChunkBytes* bytes)
      : shape_(shape), codec_(codec), bytes_(*bytes) {}

  arrow::Result<PageDictionary> DecodeDictionary(const PageAt& page);

  /// \brief Whether rows of a data page can be read one by one: a frame of ZSTD holds them as they
  /// are, without nulls.
  arrow::Result<bool> HasRawRows(const PageAt& page) const;

  /// \brief Read `rows` rows of such a page, from its row `first`.
  arrow::Status ReadRawRows(const PageAt& page, int64_t first, int64_t rows, uint8_t* values) const;

  /// \brief Decode all values of a data page to `values`, which has room for them: bits start at
  /// its first bit, and values of null rows are zero. `dictionary` may be empty.
  arrow::Status Decode(const PageAt& page, const PageDictionary& dictionary, uint8_t* values,
                       PageValidity* validity);

  /// \brief The rows of a data page of text.
  arrow::Result<TextRows> DecodeText(const PageAt& page, const PageDictionary& dictionary,
                                     PageValidity* validity);
  /// \brief What a data page has in place of texts: indices (uint32_t) into the dictionary, of
  /// the rows that are not null. Texts that a dictionary has once may be endless in rows.
  arrow::Result<std::shared_ptr<arrow::Buffer>> DecodeIndices(const PageAt& page,
                                                              const PageDictionary& dictionary,
                                                              PageValidity* validity);

 private:
  using Bytes = std::span<const uint8_t>;

  arrow::Result<PageDictionary> ReadDictionary(const PageAt& page);
  arrow::Result<Bytes> Body(const PageAt& page);
  arrow::Result<Bytes> Decompress(Bytes bytes, int64_t size, uint8_t* straight);
  arrow::Result<bool> ReadStored(const PageAt& page, uint8_t* straight);
  CompressionKind Kind(bool stored) const;
  arrow::Status DecodeLevels(Bytes levels, int64_t rows, PageValidity* validity);
  arrow::Result<Bytes> Split(const PageAt& page, uint8_t* straight, PageValidity* validity);
  arrow::Result<Bytes> SplitV1(const PageAt& page, uint8_t* straight, PageValidity* validity);
  arrow::Result<Bytes> SplitV2(const PageAt& page, uint8_t* straight, PageValidity* validity);
  arrow::Status DecodeValues(const ParsedPage& page, Bytes bytes, const PageDictionary& dictionary,
                             const PageValidity& validity, uint8_t* values);
  arrow::Status DecodeBits(const ParsedPage& page, Bytes bytes, const PageValidity& validity,
                           uint8_t* values);
  arrow::Result<const uint8_t*> Dense(int32_t encoding, Bytes bytes, int64_t count,
                                      uint8_t* straight);
  template <typename Take>
  arrow::Status ForIndices(Bytes bytes, int64_t count, const PageDictionary& dictionary,
                           Take&& take);
  arrow::Result<const uint8_t*> LookUp(Bytes bytes, int64_t count, const PageDictionary& dictionary,
                                       uint8_t* straight);

  const ColumnShape shape_;
  const parquet::Compression::type codec_;
  ChunkBytes& bytes_;
  std::shared_ptr<arrow::Buffer> decompressed_;
  std::shared_ptr<arrow::Buffer> looked_up_;
};

}  // namespace packed
