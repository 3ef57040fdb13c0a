#pragma once

#include <memory>

#include "arrow/array/data.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace packed {

/// \brief The type under which values of `type` stand in a file.
///
/// Parquet keeps values, not their Arrow encoding: dictionaries, views and extensions become
/// their plain value type, at any depth. Metadata of nested fields is dropped, so that only
/// top-level columns carry field ids.
std::shared_ptr<arrow::DataType> StoredType(const std::shared_ptr<arrow::DataType>& type);

/// \brief `data` (a slice counts as what it shows) as an array of its `StoredType`.
///
/// Shares the buffers of `data` where the types agree; what has to be rebuilt comes from
/// Pool(). The cost is that of the slice, whatever its parent's size.
arrow::Result<std::shared_ptr<arrow::ArrayData>> ToStored(
    const std::shared_ptr<arrow::ArrayData>& data, const std::shared_ptr<arrow::DataType>& stored);

/// \brief Validity of the slice as a bitmap that starts at bit 0; null when all are valid.
arrow::Result<std::shared_ptr<arrow::Buffer>> SliceValidity(const arrow::ArrayData& data);

}  // namespace packed
