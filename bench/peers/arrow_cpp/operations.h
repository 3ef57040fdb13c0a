#pragma once

#include <arrow/result.h>
#include <arrow/table.h>

#include <memory>
#include <vector>

#include "job.h"

using Tables = std::vector<std::shared_ptr<arrow::Table>>;

/// The rows of every file of the job, in memory.
arrow::Result<Tables> Load(const Job& job);

arrow::Status Write(const Job& job, const Tables& tables);

arrow::Result<Tables> Read(const Job& job);

/// The first 8,192 rows of every file.
arrow::Result<Tables> FirstBatch(const Job& job);

/// \brief Prints what the machine can do at most: copies, files, codecs on the vectors.
///
/// In the variant `codecs` these only, as the rest does not depend on the data.
arrow::Status PrintLimits(const Job& job);
