#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/batch_source.h"
#include "packed/cancel.h"
#include "packed/filter.h"
#include "packed/storage.h"
#include "packed/visibility.h"
#include "packed/writer.h"

namespace packed {

/// A whole Parquet file inside another file (what an event of a StorageV1 binlog holds), or in
/// memory.
struct Payload {
  std::string path;                      ///< the file around it; with `bytes` for errors only
  std::shared_ptr<arrow::Buffer> bytes;  ///< the file around it, in memory
  int64_t offset = 0;
  int64_t length = 0;
};

/// Where one field of the output comes from.
struct PayloadColumn {
  std::vector<Payload> payloads;  ///< one after the other; none = a constant
  int column = 0;                 ///< position in every payload; names and ids are not looked at
};

struct PayloadReaderOptions {
  int64_t rows = 0;  ///< rows, where no column has payloads
  /// One row; its columns (by name) are the values of fields without payloads. Null elsewhere.
  std::shared_ptr<arrow::RecordBatch> defaults;
  /// Positions in the schema of what comes out, in this order; unset = all. Only these columns,
  /// and those that `visible` and `filter` need, are opened.
  std::optional<std::vector<int>> output;
  /// Fields of the schema by their `PARQUET:field_id`.
  std::optional<VisibleRows> visible;
  /// Yield only rows for which it is true, of those that are visible. Columns of the schema by
  /// name.
  std::optional<Filter> filter;
  int64_t batch_rows = 8192;
  int64_t batch_bytes = 0;
  int64_t buffer_bytes = 0;
  CancelToken cancel;
};

struct OpenedPayloads {
  std::unique_ptr<BatchSource> source;
  int64_t rows = 0;                    ///< visible or not
  std::shared_ptr<FilterMeter> meter;  ///< what is read and left out
};

/// \brief Join columns that live in payloads of their own into record batches of `schema`.
///
/// Payloads of different columns need not end at the same rows, only their totals must agree
/// (kFileCorrupted). A payload that is cut short is kFileCorrupted, never an early end. Stored
/// types are restored as PackedReader restores them (kTypeMismatch names the field).
///
/// Every footer is read now; after that files are open only while their rows are read.
arrow::Result<OpenedPayloads> OpenPayloads(std::shared_ptr<arrow::Schema> schema,
                                           std::vector<PayloadColumn> columns,
                                           PayloadReaderOptions options,
                                           std::shared_ptr<FileStore> store);

struct PayloadEncoding {
  Codec codec{arrow::Compression::ZSTD, 3};
  bool dictionary = true;
};

/// \brief Encode batches of `schema` as one Parquet file in `Pool()` memory, as the payload
/// writer of StorageV1 does: one row group (none without rows), no packed keys, statistics.
arrow::Result<std::shared_ptr<arrow::Buffer>> EncodePayload(
    const std::shared_ptr<arrow::Schema>& schema,
    const std::vector<std::shared_ptr<arrow::RecordBatch>>& batches,
    const PayloadEncoding& encoding);

}  // namespace packed
