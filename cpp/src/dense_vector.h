#pragma once

#include <memory>
#include <optional>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/type.h"

namespace packed {

/// \brief The FIXED_LEN_BYTE_ARRAY that a dense vector column is stored as; null for a column
/// that is none.
///
/// Dense vectors are FixedSizeBinary, FixedSizeList of float32, float16 or int8 and, where
/// `dim` says how long each list is, List and LargeList of these. kInvalidArgument when `dim`
/// is given for another type.
arrow::Result<std::shared_ptr<arrow::DataType>> DenseVectorType(const arrow::Field& field,
                                                                std::optional<int32_t> dim);

/// \brief kInvalidData naming field and row for a vector of another length or with a null in it.
arrow::Status CheckDenseVectors(const arrow::Field& field, const arrow::Array& array,
                                const arrow::DataType& stored);

/// \brief The vectors of a checked slice as FixedSizeBinary.
///
/// Shares the value buffer but for lists with null rows of no length, whose values are copied.
arrow::Result<std::shared_ptr<arrow::ArrayData>> ToDenseVectors(
    const std::shared_ptr<arrow::ArrayData>& data, const std::shared_ptr<arrow::DataType>& stored);

}  // namespace packed
