#include "arrow_chunk.h"

#include <limits>
#include <utility>

#include "arrow/array/concatenate.h"
#include "arrow/chunked_array.h"
#include "arrow/io/memory.h"
#include "parquet/arrow/writer.h"
#include "parquet/metadata.h"

#include "arrow_meter.h"
#include "packed/memory.h"
#include "parquet_properties.h"

namespace packed {
namespace {

using arrow::Result;

/// Parquet starts its batches, after which it looks whether a page is full, anew at every chunk of
/// the input: in one array, they are where they are however the rows came. Where that would not
/// fit into 32-bit offsets the pieces stay.
Result<arrow::ArrayVector> Join(const arrow::ArrayVector& pieces) {
  if (pieces.size() < 2) return pieces;
  auto joined = arrow::Concatenate(pieces, Pool());
  if (joined.status().IsInvalid()) return pieces;
  ARROW_RETURN_NOT_OK(joined.status());
  return arrow::ArrayVector{*std::move(joined)};
}

/// `bytes` is a whole file; `begin` where the chunk starts in it.
LiftedChunk Lift(const parquet::ColumnChunkMetaData& chunk, int64_t begin,
                 const std::shared_ptr<arrow::Buffer>& bytes) {
  LiftedChunk lifted;
  lifted.bytes = arrow::SliceBuffer(bytes, begin, chunk.total_compressed_size());
  lifted.values = chunk.num_values();
  lifted.uncompressed_bytes = chunk.total_uncompressed_size();
  if (chunk.has_dictionary_page())
    lifted.dictionary_offset = chunk.dictionary_page_offset() - begin;
  lifted.data_offset = chunk.data_page_offset() - begin;
  for (const auto& pages : chunk.encoding_stats()) {
    auto& encodings = pages.page_type == parquet::PageType::DICTIONARY_PAGE
                          ? lifted.dictionary_encodings
                          : lifted.data_encodings;
    encodings[pages.encoding] = pages.count;
  }
  if (chunk.is_stats_set()) {
    lifted.statistics = chunk.encoded_statistics();
  }
  return lifted;
}

int64_t BeginOf(const parquet::ColumnChunkMetaData& chunk) {
  return chunk.has_dictionary_page() ? chunk.dictionary_page_offset() : chunk.data_page_offset();
}

}  // namespace

Result<std::vector<LiftedChunk>> EncodeByArrow(
    const std::shared_ptr<arrow::Field>& stored, const arrow::ArrayVector& pieces,
    const std::shared_ptr<parquet::WriterProperties>& properties, bool trial) {
  const Stopwatch watch;
  ARROW_ASSIGN_OR_RAISE(auto joined, Join(pieces));
  ARROW_ASSIGN_OR_RAISE(auto sink, arrow::io::BufferOutputStream::Create(4096, Pool()));
  ARROW_ASSIGN_OR_RAISE(auto writer,
                        parquet::arrow::FileWriter::Open(*arrow::schema({stored}), Pool(), sink,
                                                         properties, MakeArrowWriterProperties()));
  ARROW_RETURN_NOT_OK(writer->NewRowGroup());
  ARROW_RETURN_NOT_OK(writer->WriteColumnChunk(
      std::make_shared<arrow::ChunkedArray>(std::move(joined), stored->type())));
  ARROW_RETURN_NOT_OK(writer->Close());
  ARROW_ASSIGN_OR_RAISE(auto bytes, sink->Finish());

  const auto row_group = writer->metadata()->RowGroup(0);
  std::vector<LiftedChunk> chunks;
  ArrowChunks counted;
  for (int i = 0; i < row_group->num_columns(); ++i) {
    const auto chunk = row_group->ColumnChunk(i);
    counted.Add(*chunk);
    chunks.push_back(Lift(*chunk, BeginOf(*chunk), bytes));
    auto& statistics = chunks.back().statistics;
    const auto& column = *writer->metadata()->schema()->Column(i);
    if (statistics != nullptr) {
      statistics->set_is_signed(column.sort_order() == parquet::SortOrder::SIGNED);
    }
  }
  if (!trial) counted.Count(CompressionWay::kCompress, watch.elapsed());
  return chunks;
}

}  // namespace packed
