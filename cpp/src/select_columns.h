#pragma once

#include <vector>

#include "arrow/result.h"
#include "arrow/status.h"

#include "group_map.h"
#include "packed/reader.h"
#include "projection.h"
#include "wanted_column.h"

namespace packed {

/// \brief The fields of the read schema, found in the files by their ids, else by name; without a
/// schema the columns of the files.
///
/// kInvalidArgument where several stored columns are those of one field.
arrow::Result<std::vector<WantedColumn>> AllColumns(const FileSet& set,
                                                    const ReaderOptions& options);

/// \brief Those of `all` that are named, in that order.
///
/// kInvalidArgument for none, for one that is unknown or named twice, and for a name of several.
arrow::Result<std::vector<WantedColumn>> SelectColumns(const FileSet& set,
                                                       const std::vector<WantedColumn>& all,
                                                       const std::vector<ColumnRef>& refs);

/// \brief What is appended to the answer, of whose `fields` none was left out yet.
arrow::Result<std::vector<WantedColumn>> SelectAppended(const FileSet& set,
                                                        const std::vector<WantedColumn>& fields,
                                                        const ReaderOptions& options,
                                                        const AppendedColumns& appended);

/// \brief Refuse a field of a group whose file is not among the paths: that is an oversight, not a
/// missing field.
arrow::Status CheckGroupGiven(const FileSet& set, const WantedColumn& wanted);

}  // namespace packed
