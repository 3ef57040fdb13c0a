#pragma once

#include <map>
#include <memory>
#include <optional>

#include "arrow/result.h"
#include "parquet/properties.h"

#include "write_plan.h"

namespace packed {

/// \brief Properties of one file, every one of them set.
///
/// Arrow's defaults differ from the layout that Milvus writes and move between versions, so
/// none is relied upon. kInvalidSchema when two leaf columns of the file share a dotted path,
/// since per-column settings go by that path.
arrow::Result<std::shared_ptr<parquet::WriterProperties>> MakeWriterProperties(
    const GroupPlan& group, Compatibility compatibility,
    const std::optional<Encryption>& encryption = std::nullopt);

/// Properties of a file by the encoding that its sampled columns take, where they can; the others
/// keep their own.
using PropertiesByEncoding = std::map<ColumnEncoding, std::shared_ptr<parquet::WriterProperties>>;

/// \brief Those of every encoding that a sample may choose, kPlain and kDictionary always.
arrow::Result<PropertiesByEncoding> MakePropertiesByEncoding(const GroupPlan& group,
                                                             Compatibility compatibility);

/// \brief No `ARROW:schema`, standard list names, no coercion of timestamps.
std::shared_ptr<parquet::ArrowWriterProperties> MakeArrowWriterProperties();

}  // namespace packed
