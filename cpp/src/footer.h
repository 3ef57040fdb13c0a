#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"
#include "parquet/metadata.h"
#include "parquet/properties.h"

#include "packed/format.h"
#include "packed/reader.h"

namespace packed {

/// One top-level column of a file.
struct FileColumn {
  std::shared_ptr<arrow::Field> field;  ///< metadata: the field id or nothing
  std::optional<int64_t> id;
  std::vector<int> leaves;  ///< Parquet column indices, all of them
};

/// An open file and what its footer says. Immutable once every check is done; shared by the
/// threads that decode it.
struct Footer {
  FileInfo info;
  std::shared_ptr<ReadableFile> file;
  std::shared_ptr<parquet::FileMetaData> metadata;
  std::vector<FileColumn> columns;
  /// `group_field_id_list`, or the positions of `column_offsets`.
  std::optional<GroupFieldIds> groups;

  const std::string& path() const { return info.path; }
};

enum class FooterPolicy {
  kStrict,    ///< a packed file, of today or of an older layout
  kLenient,   ///< any Parquet file; the packed keys that are there have to be right
  kDescribe,  ///< any Parquet file; nothing is judged
};

/// \brief Parquet settings that every read of a file shares; `stream` bounds what one column
/// chunk holds of the file at a time.
parquet::ReaderProperties ParquetProperties(bool stream);
parquet::ArrowReaderProperties ArrowProperties();

/// \brief How much of the end of an object to fetch with its opening, for a footer of
/// `footer_bytes` (as in GroupResult; < 0 = not known).
int64_t TailBytes(int64_t footer_bytes);

/// \brief Open a file and read its footer, with the key of `keys` that its metadata names where
/// it is encrypted.
///
/// No such key, another key than the one it was encrypted with and a damaged encrypted footer
/// are kEncryption: only the key could tell the last two apart.
arrow::Result<Footer> ReadFooter(FileStore& store, const std::string& path,
                                 const ReadOptions& options, FooterPolicy policy,
                                 const KeyRing& keys);

/// \brief The same of a file that is open already; `path` names it in errors.
///
/// The end of the file is read once more only where its footer did not fit into what was fetched
/// with the opening.
arrow::Result<Footer> ReadFooterOf(std::shared_ptr<ReadableFile> file, const std::string& path,
                                   FooterPolicy policy, const KeyRing& keys = {});

}  // namespace packed
