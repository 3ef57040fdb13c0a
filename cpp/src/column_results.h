#pragma once

#include <vector>

#include "parquet/metadata.h"

#include "packed/writer.h"
#include "write_plan.h"

namespace packed {

/// \brief What the footer of a written file says of every top-level column, in file order.
std::vector<ColumnResult> DescribeColumns(const parquet::FileMetaData& metadata,
                                          const GroupPlan& plan);

}  // namespace packed
