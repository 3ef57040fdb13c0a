#include <arrow/api.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/util/compression.h>
#include <parquet/arrow/reader.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <thread>

#include "operations.h"

namespace {

bool IsVector(const arrow::Field& field) {
  return field.type()->id() == arrow::Type::FIXED_SIZE_BINARY;
}

/// Whether ZSTD takes at least 8 % off the first page of a column.
arrow::Result<bool> Compresses(const arrow::ChunkedArray& column, int level) {
  const auto& array = static_cast<const arrow::FixedSizeBinaryArray&>(*column.chunk(0));
  const int64_t bytes = std::min<int64_t>(array.length() * array.byte_width(), 128 << 10);
  ARROW_ASSIGN_OR_RAISE(auto codec, arrow::util::Codec::Create(arrow::Compression::ZSTD, level));
  std::vector<uint8_t> out(static_cast<size_t>(codec->MaxCompressedLen(bytes, nullptr)));
  ARROW_ASSIGN_OR_RAISE(
      int64_t compressed,
      codec->Compress(bytes, array.raw_values(), static_cast<int64_t>(out.size()), out.data()));
  return compressed * 100 < bytes * 92;
}

/// Tuned: vectors without a dictionary, and stored where they do not compress.
arrow::Result<std::shared_ptr<parquet::WriterProperties>> Properties(const Job& job,
                                                                     const arrow::Table& table) {
  parquet::WriterProperties::Builder builder;
  builder.compression(parquet::Compression::UNCOMPRESSED);
  for (int i = 0; i < table.num_columns(); ++i) {
    const auto& field = *table.field(i);
    bool compress = true;
    if (job.tuned() && IsVector(field)) {
      builder.disable_dictionary(field.name());
      ARROW_ASSIGN_OR_RAISE(compress, Compresses(*table.column(i), job.level));
    }
    // Column by column: a level beside an uncompressed column is an error.
    if (!compress) continue;
    builder.compression(field.name(), parquet::Compression::ZSTD);
    builder.compression_level(field.name(), job.level);
  }
  return builder.build();
}

arrow::Status WriteFile(const Job& job, const std::string& path, const arrow::Table& table) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto properties, Properties(job, table));
  auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_RETURN_NOT_OK(parquet::arrow::WriteTable(table, arrow::default_memory_pool(), file,
                                                 parquet::DEFAULT_MAX_ROW_GROUP_LENGTH, properties,
                                                 arrow_properties));
  return file->Close();
}

arrow::Result<std::unique_ptr<parquet::arrow::FileReader>> Open(const std::string& path,
                                                                int64_t batch_rows) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(path));
  parquet::ArrowReaderProperties properties(/*use_threads=*/true);
  properties.set_batch_size(batch_rows);
  parquet::arrow::FileReaderBuilder builder;
  ARROW_RETURN_NOT_OK(builder.Open(std::move(file)));
  return builder.properties(properties)->Build();
}

std::vector<int> Indices(const parquet::arrow::FileReader& reader, const DataFile& file) {
  const auto* schema = reader.parquet_reader()->metadata()->schema();
  std::vector<int> indices;
  for (const auto& name : file.columns) indices.push_back(schema->ColumnIndex(name));
  return indices;
}

}  // namespace

arrow::Result<Tables> Load(const Job& job) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(job.data));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
  ARROW_ASSIGN_OR_RAISE(auto table, reader->ToTable());
  Tables tables;
  for (const auto& [path, columns] : job.files) {
    std::vector<int> indices;
    for (const auto& name : columns) indices.push_back(table->schema()->GetFieldIndex(name));
    ARROW_ASSIGN_OR_RAISE(auto part, table->SelectColumns(indices));
    tables.push_back(std::move(part));
  }
  return tables;
}

/// Tuned: one thread per file.
arrow::Status Write(const Job& job, const Tables& tables) {
  std::vector<arrow::Status> statuses(tables.size());
  const auto write = [&](size_t i) { statuses[i] = WriteFile(job, job.files[i].path, *tables[i]); };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < tables.size(); ++i) {
    if (job.tuned()) {
      threads.emplace_back(write, i);
    } else {
      write(i);
    }
  }
  for (auto& thread : threads) thread.join();
  for (const auto& status : statuses) ARROW_RETURN_NOT_OK(status);
  return arrow::Status::OK();
}

arrow::Result<Tables> Read(const Job& job) {
  Tables tables;
  for (const auto& file : job.files) {
    ARROW_ASSIGN_OR_RAISE(auto reader, Open(file.path, 1 << 16));
    ARROW_ASSIGN_OR_RAISE(auto table, reader->ReadTable(Indices(*reader, file)));
    tables.push_back(std::move(table));
  }
  return tables;
}

arrow::Result<Tables> FirstBatch(const Job& job) {
  Tables tables;
  for (const auto& file : job.files) {
    ARROW_ASSIGN_OR_RAISE(auto reader, Open(file.path, 8192));
    std::vector<int> row_groups(static_cast<size_t>(reader->num_row_groups()));
    for (size_t i = 0; i < row_groups.size(); ++i) row_groups[i] = static_cast<int>(i);
    ARROW_ASSIGN_OR_RAISE(auto batches,
                          reader->GetRecordBatchReader(row_groups, Indices(*reader, file)));
    ARROW_ASSIGN_OR_RAISE(auto batch, batches->Next());
    ARROW_ASSIGN_OR_RAISE(auto table, arrow::Table::FromRecordBatches({std::move(batch)}));
    tables.push_back(std::move(table));
  }
  return tables;
}
