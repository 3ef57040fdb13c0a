#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"

#include "footer.h"

namespace packed {

/// Where a column is stored: position of the file in `paths`, of the column in the file.
struct ColumnSource {
  int file = -1;
  int column = -1;
};

/// \brief The files of one reader, checked against each other.
struct FileSet {
  std::vector<std::shared_ptr<const Footer>> files;  ///< in path order
  GroupFieldIds groups;  ///< what every file's `group_field_id_list` says; empty = none does
  int64_t rows = 0;

  const FileColumn& column(ColumnSource source) const {
    return files[source.file]->columns[source.column];
  }
};

/// \brief Position of the group whose ids are those of the file's columns (in any order); -1
/// when there is none or the file does not say.
int FindGroup(const Footer& footer);

/// \brief Open every file, check it alone and against the others, and tell groups apart.
arrow::Result<FileSet> OpenFileSet(const std::vector<std::string>& paths,
                                   const ReaderOptions& options,
                                   const std::shared_ptr<FileStore>& store);

}  // namespace packed
