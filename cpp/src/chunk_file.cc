#include "chunk_file.h"

#include <string>
#include <utility>

#include "parquet/arrow/schema.h"
#include "parquet/file_writer.h"

#include "page_statistics.h"
#include "parquet_properties.h"

namespace packed {

using arrow::Result;
using arrow::Status;

ChunkFile::ChunkFile(std::shared_ptr<arrow::io::OutputStream> sink,
                     std::shared_ptr<parquet::WriterProperties> properties,
                     std::shared_ptr<parquet::SchemaDescriptor> schema)
    : sink_(std::move(sink)),
      properties_(std::move(properties)),
      schema_(std::move(schema)),
      footer_(parquet::FileMetaDataBuilder::Make(schema_.get(), properties_)) {}

Result<std::unique_ptr<ChunkFile>> ChunkFile::Start(
    std::shared_ptr<arrow::io::OutputStream> sink, const arrow::Schema& schema,
    std::shared_ptr<parquet::WriterProperties> properties) {
  std::shared_ptr<parquet::SchemaDescriptor> descriptor;
  ARROW_RETURN_NOT_OK(parquet::arrow::ToParquetSchema(&schema, *properties,
                                                      *MakeArrowWriterProperties(), &descriptor));
  ARROW_RETURN_NOT_OK(sink->Write(parquet::kParquetMagic, sizeof(parquet::kParquetMagic)));
  return std::unique_ptr<ChunkFile>(
      new ChunkFile(std::move(sink), std::move(properties), std::move(descriptor)));
}

parquet::ColumnChunkMetaDataBuilder* ChunkFile::NextChunk() {
  if (row_group_ == nullptr) row_group_ = footer_->AppendRowGroup();
  return row_group_->NextColumnChunk();
}

Status ChunkFile::WritePage(const EncodedPage& page, int64_t alignment) {
  ARROW_ASSIGN_OR_RAISE(const int64_t offset, sink_->Tell());
  PageFacts facts = page.facts;
  if (page.statistics != nullptr) {
    facts.statistics = EncodeStatistics(*page.statistics, *properties_);
  }
  const std::string header =
      alignment > 1 ? AlignedDataPageHeader(facts, offset, alignment) : DataPageHeader(facts);
  ARROW_RETURN_NOT_OK(sink_->Write(header.data(), static_cast<int64_t>(header.size())));
  for (const auto& piece : page.body) ARROW_RETURN_NOT_OK(sink_->Write(piece));
  const auto header_bytes = static_cast<int64_t>(header.size());
  if (chunk_.data_offset < 0) chunk_.data_offset = offset;
  chunk_.values += page.facts.values;
  chunk_.stored_bytes += header_bytes + page.facts.stored_bytes;
  chunk_.uncompressed_bytes += header_bytes + page.facts.uncompressed_bytes;
  ++chunk_.encodings[page.facts.encoding];
  MergeStatistics(page.statistics, &chunk_.statistics);
  return Status::OK();
}

Status ChunkFile::EndChunk() {
  auto* builder = NextChunk();
  const OpenChunk chunk = std::exchange(chunk_, {});
  if (chunk.statistics != nullptr) {
    builder->SetStatistics(EncodeStatistics(*chunk.statistics, *properties_));
  }
  builder->Finish(chunk.values, -1, -1, chunk.data_offset, chunk.stored_bytes,
                  chunk.uncompressed_bytes, false, false, {}, chunk.encodings);
  row_group_bytes_ += chunk.uncompressed_bytes;
  return Status::OK();
}

Status ChunkFile::WriteLifted(const LiftedChunk& chunk) {
  auto* builder = NextChunk();
  ARROW_ASSIGN_OR_RAISE(const int64_t offset, sink_->Tell());
  ARROW_RETURN_NOT_OK(sink_->Write(chunk.bytes));
  if (chunk.statistics != nullptr) builder->SetStatistics(*chunk.statistics);
  const bool has_dictionary = chunk.dictionary_offset >= 0;
  builder->Finish(chunk.values, has_dictionary ? offset + chunk.dictionary_offset : 0, -1,
                  offset + chunk.data_offset, chunk.bytes->size(), chunk.uncompressed_bytes,
                  has_dictionary, false, chunk.dictionary_encodings, chunk.data_encodings);
  row_group_bytes_ += chunk.uncompressed_bytes;
  return Status::OK();
}

Status ChunkFile::EndRowGroup(int64_t rows) {
  row_group_->set_num_rows(rows);
  row_group_->Finish(std::exchange(row_group_bytes_, 0));
  row_group_ = nullptr;
  return Status::OK();
}

Result<std::shared_ptr<parquet::FileMetaData>> ChunkFile::Finish(
    const std::shared_ptr<const arrow::KeyValueMetadata>& keys) {
  std::shared_ptr<parquet::FileMetaData> metadata = footer_->Finish(keys);
  parquet::WriteFileMetaData(*metadata, sink_.get());
  return metadata;
}

}  // namespace packed
