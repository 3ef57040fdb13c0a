#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "arrow/util/compression.h"

#include "packed/cancel.h"
#include "packed/encryption.h"
#include "packed/quantize.h"
#include "packed/storage.h"

namespace packed {

/// One output file: the columns it holds, in file order, as positions in the schema.
struct ColumnGroup {
  int64_t id = 0;
  std::string path;
  std::vector<int> columns;
  /// Further keys of this file's footer, behind those of the writer.
  std::vector<std::pair<std::string, std::string>> metadata{};
};

struct Codec {
  arrow::Compression::type type = arrow::Compression::ZSTD;
  std::optional<int> level;  ///< unset = the codec's default (3 for ZSTD)
};

/// How the values of a column are encoded, in Parquet's terms.
enum class ColumnEncoding {
  kPlain,
  kDictionary,            ///< RLE_DICTIONARY, and PLAIN from where the dictionary is full
  kDeltaBinaryPacked,     ///< integers, dates, times, timestamps
  kDeltaLengthByteArray,  ///< strings and binaries: lengths apart from the text
  kDeltaByteArray,        ///< strings and binaries: without what the one before begins with
  kByteStreamSplit,       ///< numbers and values of one width
};

/// Choices for one top-level column; unset members fall back to the writer's.
struct ColumnOptions {
  std::optional<Codec> codec;
  /// Of the writer's codec, where `codec` is unset; leaves it to the layout to store pages.
  std::optional<int> level;
  /// Of every leaf of the column; unset = the layout's choice. In layout milvus only kPlain and
  /// kDictionary.
  std::optional<ColumnEncoding> encoding;
  /// List<float32 | float16 | int8> only: every list has this many elements and the column
  /// is stored as a dense vector (FIXED_LEN_BYTE_ARRAY).
  std::optional<int32_t> vector_dim;
};

enum class Compatibility {
  kCurrent,    ///< dense vectors stored uncompressed, as Milvus does since 2026-06
  kMilvus2_6,  ///< dense vectors through the file's codec, as Milvus 2.6.0 did
};

enum class Layout {
  kMilvus,  ///< what Milvus itself writes
  kFast,    ///< encodings by sampling, incompressible pages stored; any Parquet reader reads it
  kSmall,   ///< the encoding of every column by what a sample takes in each, everything compressed
};

struct WriterOptions {
  Layout layout = Layout::kMilvus;
  Compatibility compatibility = Compatibility::kCurrent;
  Codec codec{arrow::Compression::ZSTD, 3};
  std::optional<Codec> vector_codec;  ///< dense vectors; overrides layout, `compatibility`
  std::map<std::string, ColumnOptions> columns;  ///< by top-level field name
  int64_t row_group_bytes = 1 << 20;  ///< decoded Arrow bytes at which a row group is cut
  /// Bound on the bytes copied and kept over all groups; 0 = default. Where it is reached the
  /// largest group is cut early. Every group may keep min(row_group_bytes, 1 MiB) in any case.
  int64_t buffer_bytes = 32 << 20;
  std::vector<std::pair<std::string, std::string>> user_metadata;  ///< in footer order
  /// Vectors that are stored as codes: groups and `columns` then refer to what is stored (see
  /// QuantizedSchema), batches are still of the schema.
  std::vector<QuantizeField> quantize;
  /// What `kQuantizationKey` is to say of columns that are codes already; not with `quantize`.
  std::string quantization;
  IfExists if_exists = IfExists::kError;
  bool fsync = false;
  std::optional<Encryption> encryption;
  int concurrency = 0;  ///< threads that encode at once; 0 = the executor's
  /// Not in layout milvus: bytes of a page before it is compressed; 0 = the layout's own.
  int64_t page_bytes = 0;
  /// Not in layout milvus: a dictionary may be chosen where distinct values over all values of a
  /// sample are fewer than this; unset = the layout's own.
  std::optional<double> dictionary_threshold;
  /// Not in layout milvus: whether differences of numbers may be chosen.
  bool delta_encoding = true;
  /// False = every page by Arrow's own writer, as for encrypted files.
  bool own_pages = true;
  CancelToken cancel;
};

/// \brief The options of a layout with nothing else said: codec, row groups, buffer.
WriterOptions DefaultOptions(Layout layout);

/// What one top-level column of a file became, all leaves and row groups together.
struct ColumnResult {
  std::string name;
  /// What Parquet calls the encodings of its data pages, each once.
  std::vector<std::string> encodings;
  /// A dictionary was full before the column chunk was, and other pages followed.
  bool dictionary_fallback = false;
  int64_t compressed_bytes = 0;    ///< pages as stored
  int64_t uncompressed_bytes = 0;  ///< the same pages before they were compressed
};

/// What one column group became. Byte counts are exact, of the finished file.
struct GroupResult {
  int64_t id = 0;
  std::string path;
  int64_t rows = 0;
  int64_t file_bytes = 0;  ///< size of the file
  /// Serialized FileMetaData plus 8 (length and magic); of an encrypted file the crypto
  /// metadata and the ciphertext instead: always the length field of the tail plus 8.
  int64_t footer_bytes = 0;
  int64_t compressed_bytes = 0;    ///< pages as stored
  int64_t uncompressed_bytes = 0;  ///< decoded Arrow bytes of the rows
  int32_t row_groups = 0;
  std::vector<std::pair<std::string, int64_t>> null_counts;  ///< by field, file order
  std::vector<ColumnResult> columns;                         ///< file order
};

struct WriterProgress {
  int64_t rows = 0;            ///< accepted by Write
  int64_t bytes_in = 0;        ///< decoded Arrow bytes accepted
  int64_t bytes_out = 0;       ///< bytes handed to the files so far, all groups
  int64_t buffered_bytes = 0;  ///< copied or quantized and not yet encoded, all groups
  int64_t row_groups = 0;      ///< closed row groups, all groups
};

/// \brief Writes Arrow record batches into one Parquet file per column group.
///
/// Not thread-safe but for `progress()` and the cancel token. A writer that is destroyed
/// without Finish removes what it made.
class PackedWriter {
 public:
  /// \brief Check schema, groups and options, and start every file.
  ///
  /// Every top-level field needs a unique `PARQUET:field_id`; every column is in exactly one
  /// group. Fails before any file is made where the arguments are at fault.
  static arrow::Result<std::unique_ptr<PackedWriter>> Open(std::shared_ptr<arrow::Schema> schema,
                                                           std::vector<ColumnGroup> groups,
                                                           WriterOptions options,
                                                           std::shared_ptr<FileStore> store);

  ~PackedWriter();

  /// \brief Add rows. When it returns, no buffer of `batch` is referenced any more.
  ///
  /// Row groups that are full are encoded and written now, the rest is copied into `Pool()`.
  /// A batch that does not fit the schema (kInvalidArgument, kTypeMismatch, kInvalidData) is
  /// refused whole and the writer goes on as if it had not been offered. Any other failure
  /// removes everything written so far; later calls but Abort are kClosed. Null is a no-op.
  /// Vectors are quantized so many rows at a time that their codes and scales take no more than a
  /// quarter of `buffer_bytes`, beside what is kept.
  arrow::Status Write(const std::shared_ptr<arrow::RecordBatch>& batch);

  /// \brief Write the rest and the footers, then publish the files in group order.
  ///
  /// Either every file appears or (on error) none: those published before the failing one
  /// are taken back. Once only; a second call is kClosed.
  arrow::Result<std::vector<GroupResult>> Finish();

  /// \brief Remove everything written so far. Idempotent; a no-op after Finish.
  void Abort() noexcept;

  /// Callable from any thread at any time.
  WriterProgress progress() const;

  /// Of the batches that Write takes.
  const std::shared_ptr<arrow::Schema>& schema() const;

  /// \brief The value of `kQuantizationKey` in the files; empty where nothing is quantized. Only
  /// valid after Finish.
  const std::string& quantization() const;

 private:
  class Impl;
  explicit PackedWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace packed
