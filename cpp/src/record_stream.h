#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "arrow/buffer.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

#include "packed/writer.h"

namespace packed {

/// \brief One batch as an Arrow IPC stream. With `buffers`, that codec (ZSTD or LZ4_FRAME) on each
/// of its buffers.
arrow::Result<std::shared_ptr<arrow::Buffer>> WriteRecordStream(
    const arrow::RecordBatch& batch, const std::optional<Codec>& buffers);

/// \brief The only batch of an Arrow IPC stream, whose memory it shares, as a batch of `schema`.
///
/// Allocates from the RationedPool(). Fails as DeserializeRecord does, but for nulls.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadRecordStream(
    const std::shared_ptr<arrow::Buffer>& stream, const std::shared_ptr<arrow::Schema>& schema,
    bool lenient);

}  // namespace packed
