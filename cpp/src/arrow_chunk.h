#pragma once

#include <memory>
#include <vector>

#include "arrow/array.h"
#include "arrow/result.h"
#include "arrow/type.h"
#include "parquet/properties.h"

#include "encoded_chunk.h"

namespace packed {

/// \brief Encode the rows of one top-level column of a row group by Arrow's writer, in memory.
///
/// `pieces` follow one another; the bytes do not depend on where one ends and the next begins. One
/// chunk per leaf, in file order. A `trial` is not counted. Throws as Parquet does; any thread.
arrow::Result<std::vector<LiftedChunk>> EncodeByArrow(
    const std::shared_ptr<arrow::Field>& stored, const arrow::ArrayVector& pieces,
    const std::shared_ptr<parquet::WriterProperties>& properties, bool trial = false);

}  // namespace packed
