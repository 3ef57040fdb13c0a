#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "arrow/io/interfaces.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "arrow/util/key_value_metadata.h"
#include "parquet/metadata.h"
#include "parquet/properties.h"
#include "parquet/schema.h"
#include "parquet/statistics.h"

#include "encoded_chunk.h"

namespace packed {

/// \brief A Parquet file that is put together of encoded pages and column chunks, in file order.
///
/// Writes what Parquet's own writer writes around the pages: magic, page headers, footer. Throws as
/// Parquet does; one thread at a time.
class ChunkFile {
 public:
  /// Writes the magic. `properties` say the codec of every column, as the pages have it.
  static arrow::Result<std::unique_ptr<ChunkFile>> Start(
      std::shared_ptr<arrow::io::OutputStream> sink, const arrow::Schema& schema,
      std::shared_ptr<parquet::WriterProperties> properties);

  /// \brief Write a page of the current column, its body at a multiple of `alignment`.
  arrow::Status WritePage(const EncodedPage& page, int64_t alignment);

  /// \brief The pages since the last chunk were a column chunk; the next page is of the next one.
  arrow::Status EndChunk();

  arrow::Status WriteLifted(const LiftedChunk& chunk);

  /// \brief The chunks since the last row group were all of one.
  arrow::Status EndRowGroup(int64_t rows);

  arrow::Result<std::shared_ptr<parquet::FileMetaData>> Finish(
      const std::shared_ptr<const arrow::KeyValueMetadata>& keys);

  const parquet::SchemaDescriptor& schema() const { return *schema_; }

 private:
  /// The column chunk whose pages are being written.
  struct OpenChunk {
    int64_t data_offset = -1;
    int64_t values = 0;
    int64_t stored_bytes = 0;
    int64_t uncompressed_bytes = 0;
    std::map<parquet::Encoding::type, int32_t> encodings;
    std::shared_ptr<parquet::Statistics> statistics;
  };

  ChunkFile(std::shared_ptr<arrow::io::OutputStream> sink,
            std::shared_ptr<parquet::WriterProperties> properties,
            std::shared_ptr<parquet::SchemaDescriptor> schema);

  parquet::ColumnChunkMetaDataBuilder* NextChunk();

  const std::shared_ptr<arrow::io::OutputStream> sink_;
  const std::shared_ptr<parquet::WriterProperties> properties_;
  const std::shared_ptr<parquet::SchemaDescriptor> schema_;
  const std::unique_ptr<parquet::FileMetaDataBuilder> footer_;
  parquet::RowGroupMetaDataBuilder* row_group_ = nullptr;  ///< owned by the footer's builder
  int64_t row_group_bytes_ = 0;
  OpenChunk chunk_;
};

}  // namespace packed
