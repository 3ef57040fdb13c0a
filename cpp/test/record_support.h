#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "arrow/ipc/options.h"

#include "packed/record.h"
#include "reader_support.h"

namespace packed::test {

using Bytes = std::shared_ptr<arrow::Buffer>;

/// Two of frames, then two of buffers.
inline const RecordEncoding kRecordForms[] = {
    {RecordEncoding::Place::kFrame, {arrow::Compression::ZSTD, 3}},
    {RecordEncoding::Place::kFrame, {arrow::Compression::ZSTD, 19}},
    {RecordEncoding::Place::kBuffers, {arrow::Compression::ZSTD, 1}},
    {RecordEncoding::Place::kBuffers, {arrow::Compression::LZ4_FRAME, {}}},
};

/// A required number, nullable text and flags, a vector, a list.
std::shared_ptr<arrow::Schema> DocumentSchema();

/// Rows of DocumentSchema, the same ones for the same number.
std::shared_ptr<arrow::RecordBatch> Documents(int64_t rows);

Bytes Serialize(const std::shared_ptr<arrow::RecordBatch>& batch,
                const RecordEncoding& encoding = {});
arrow::Result<std::shared_ptr<arrow::RecordBatch>> Deserialize(
    const Bytes& bytes, const RecordDecoding& decoding = {},
    const std::shared_ptr<arrow::Schema>& schema = DocumentSchema());

/// An Arrow IPC stream as Arrow writes it.
Bytes StreamOf(const std::shared_ptr<arrow::Schema>& schema,
               const arrow::RecordBatchVector& batches,
               const arrow::ipc::IpcWriteOptions& options = {});
/// That of one batch, with nothing compressed.
Bytes Plain(const std::shared_ptr<arrow::RecordBatch>& batch);

Bytes Text(std::string text);

/// The frame of a ZSTD stream, which does not say its size.
Bytes StreamedFrame(const Bytes& content);

}  // namespace packed::test
