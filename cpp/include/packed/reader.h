#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/batch_source.h"
#include "packed/cancel.h"
#include "packed/encryption.h"
#include "packed/filter.h"
#include "packed/storage.h"
#include "packed/visibility.h"

namespace packed {

/// A column asked for by field id or by name.
using ColumnRef = std::variant<int64_t, std::string>;

enum class VectorForm { kFixedSizeBinary, kFixedSizeList };

/// How codes of quantized vectors come out (see `packed/quantize.h`).
enum class QuantizedForm {
  /// As vectors of float32, in the VectorForm; with a schema, where it asks for these.
  kDecode,
  kRaw,  ///< as stored: codes of int8
};

/// Facts that save an object store requests; -1 = not known.
struct KnownFile {
  int64_t file_bytes = -1;
  int64_t footer_bytes = -1;  ///< as in GroupResult
};

/// Rows [start, end) of one file, counted within it; end -1 = its last row.
struct FileWindow {
  std::string path;
  int64_t start = 0;
  int64_t end = -1;
  KnownFile known = {};
};

/// Columns that are stored together, in files whose rows follow one another.
struct FileGroup {
  /// Those of the files' columns that count; absent = all of them. A group of which no column is
  /// read is then not opened.
  std::optional<std::vector<std::string>> columns;
  std::vector<FileWindow> files;
};

struct ReaderOptions {
  /// Output schema; null = the files' own, groups in path order. Fields are matched by
  /// `PARQUET:field_id` where both sides have one, by name otherwise.
  std::shared_ptr<arrow::Schema> schema;
  /// Fields of `schema` are matched by name, whatever their ids are.
  bool by_name = false;
  /// Output columns in output order; empty optional = all of them.
  std::optional<std::vector<ColumnRef>> columns;
  /// One row; its columns (by name) are the values of fields that the files do not have.
  std::shared_ptr<arrow::RecordBatch> defaults;
  VectorForm vectors = VectorForm::kFixedSizeBinary;
  /// Decoding reads the scales of vectors that have their own, whether they are asked for or not.
  QuantizedForm quantized = QuantizedForm::kDecode;
  int64_t batch_rows = 8192;  ///< most rows in one batch
  int64_t batch_bytes = 0;    ///< most decoded bytes in one batch (at least one row); 0 = no bound
  /// Decoded bytes held ahead of the caller, and stored bytes of remote files held ahead of the
  /// decoders; 0 = 64 MiB of each, < 0 = no bound.
  int64_t buffer_bytes = 0;
  /// Map local files: stored pages that are aligned are handed out where they are.
  bool mmap = false;
  /// Decode pages that own code knows by it, rather than everything by Arrow's reader.
  bool own_pages = true;
  /// What the caller knows of the files, in path order; empty = nothing.
  std::vector<KnownFile> known;
  /// Take plain Parquet and files without `group_field_id_list`.
  bool lenient = false;
  /// Keys of encrypted files; files that are not encrypted are read all the same.
  KeyRing keys;
  /// Yield visible rows only; a RowGroupReader does not look at it.
  std::optional<VisibleRows> visible;
  /// Yield only rows for which it is true, of those that are visible; a RowAccess and a
  /// RowGroupReader refuse it. Columns by name: fields of `schema` in its types, whether among
  /// `columns` or not, or others of the files. Row groups of which statistics prove that none of
  /// their rows is wanted, here or in the files they are joined with, are not read.
  std::optional<Filter> filter;
  CancelToken cancel;
};

/// One Parquet row group of one file, as the footer has it.
struct RowGroupInfo {
  int64_t rows = 0;
  int64_t row_offset = 0;    ///< first row, within the file
  int64_t memory_bytes = 0;  ///< from `row_group_metadata`; footer's figure where absent
  int64_t compressed_bytes = 0;
  int64_t uncompressed_bytes = 0;
};

/// Which of the layouts of the format's history a file has.
enum class FileLayout { kPacked, kRowGroupSize, kColumnOffsets, kPlain };

struct ColumnChunkInfo {
  std::string column;  ///< dotted leaf path
  int32_t row_group = 0;
  std::string physical_type;
  std::string codec;
  std::vector<std::string> encodings;
  int64_t values = 0;
  int64_t compressed_bytes = 0;
  int64_t uncompressed_bytes = 0;
  bool has_dictionary = false;
  bool has_statistics = false;
  std::optional<int64_t> null_count;
  /// Least and greatest value as text (see statistics_text.h).
  std::optional<std::pair<std::string, std::string>> range;
};

struct FileInfo {
  std::string path;
  FileLayout layout = FileLayout::kPacked;
  int64_t file_bytes = 0;
  int64_t footer_bytes = 0;  ///< as in GroupResult
  int64_t rows = 0;
  int32_t group = -1;  ///< index in group_field_id_list; -1 = unknown
  std::string created_by;
  std::string format_version;
  std::string storage_version;
  std::vector<std::pair<std::string, std::string>> key_values;  ///< file order
  std::vector<RowGroupInfo> row_groups;
  std::vector<ColumnChunkInfo> chunks;    ///< filled by DescribeFile only
  std::shared_ptr<arrow::Schema> schema;  ///< as stored, field ids in metadata
};

/// \brief Joins the files of column groups row by row into record batches.
///
/// Not thread-safe but for the cancel token. Batches stay valid after the reader is gone.
class PackedReader final : public BatchSource {
 public:
  /// \brief Read every footer and cross-check them.
  ///
  /// Files are told apart by their Parquet field ids, so the order of `paths` only decides
  /// the column order of the files' own schema. Unequal row totals are kFileCorrupted.
  static arrow::Result<std::unique_ptr<PackedReader>> Open(std::vector<std::string> paths,
                                                           ReaderOptions options,
                                                           std::shared_ptr<FileStore> store);
  /// \brief The same of column groups whose rows are those of several files, or of parts of them.
  ///
  /// Packed keys count for nothing here: any Parquet is taken, `options.known` is not looked at.
  /// Columns that no group has are nulls or defaults, which takes a schema; the rows are those of
  /// the groups all the same. Of groups without a column of the answer only those are opened whose
  /// rows nobody has counted. kFileCorrupted: groups of unequal rows, windows that their files do
  /// not have. kTypeMismatch: files of a group that differ in a column.
  static arrow::Result<std::unique_ptr<PackedReader>> Open(std::vector<FileGroup> groups,
                                                           ReaderOptions options,
                                                           std::shared_ptr<FileStore> store);
  ~PackedReader() override;

  /// Schema of every batch: projected, missing fields nullable.
  const std::shared_ptr<arrow::Schema>& schema() const override;
  /// Rows of every file, visible or not, whatever the filter.
  int64_t num_rows() const;
  /// One entry per path, in the caller's order. Of column groups: one per window of the groups
  /// that have a column of the answer, `group` being the position of the group, with what of the
  /// row groups is within the window.
  const std::vector<FileInfo>& files() const;

  /// \brief What was read, skipped and left out so far. Any thread; also after Close.
  FilterStats filter_stats() const;
  /// \brief The same for those who outlive the reader.
  const std::shared_ptr<const FilterMeter>& meter() const;

  /// \brief The next batch, or null at the end (again and again).
  ///
  /// Columns are slices of decoded memory and never concatenated: batches end where what was
  /// decoded at once does, which is a part of a row group or several small ones. Where rows are
  /// not visible or not wanted, a copy of the others.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> ReadNext() override;
  bool Ready() const override;

  /// \brief Stop read-ahead and drop what is buffered. Idempotent; later reads are kClosed.
  void Close() noexcept override;

 private:
  class Impl;
  explicit PackedReader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// \brief Footer facts of one file, without judging them (for `packed inspect`).
arrow::Result<FileInfo> DescribeFile(FileStore& store, const std::string& path,
                                     const KeyRing& keys = {});

}  // namespace packed
