#pragma once

#include <cstdint>
#include <memory>

#include "arrow/buffer.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/cancel.h"
#include "packed/writer.h"

namespace packed {

/// How SerializeRecord compresses.
struct RecordEncoding {
  enum class Place {
    kFrame,    ///< the whole stream as one ZSTD frame with its size and a checksum
    kBuffers,  ///< every buffer by itself, as Arrow IPC has it: the result is the stream
  };
  Place place = Place::kFrame;
  Codec codec{arrow::Compression::ZSTD, 3};  ///< ZSTD; of buffers also LZ4_FRAME
};

/// \brief One record batch as an Arrow IPC stream, compressed, in `Pool()` memory.
///
/// The batch is checked against its own schema first (as a writer does). Its memory is let go of
/// once it is copied, before the long part. kInvalidArgument (codec, level), kInvalidSchema (no
/// fields), kInvalidData, kAborted: polled between buffers and every few MiB of a frame.
arrow::Result<std::shared_ptr<arrow::Buffer>> SerializeRecord(
    std::shared_ptr<arrow::RecordBatch> batch, const RecordEncoding& encoding,
    const CancelToken& cancel = {});

struct RecordDecoding {
  /// Most bytes of the stream, out of its frame; and most that are allocated for its buffers, where
  /// these are compressed.
  int64_t max_bytes = 1 << 30;
  /// Take fields without a field id where the schema has one.
  bool lenient = false;
};

/// \brief The one record of such bytes, or of any Arrow IPC stream, as a batch of `schema`.
///
/// Fields are found by name, in any order; extension types count as their storage, names and flags
/// of list items do not count. Nothing of `bytes` is kept.
///
/// kInvalidSchema (another name or field id), kTypeMismatch, kInvalidData (no record, more than
/// one, a null where the schema has none, more than `max_bytes`), kFileCorrupted (damaged, cut
/// short, more bytes behind the end), kAborted.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> DeserializeRecord(
    const arrow::Buffer& bytes, const std::shared_ptr<arrow::Schema>& schema,
    const RecordDecoding& decoding, const CancelToken& cancel = {});

}  // namespace packed
