#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/record_batch.h"
#include "arrow/result.h"

namespace packed::binding {

/// One buffer of a batch on its way to JavaScript; `data` is null for an absent one.
struct OutgoingBuffer {
  const uint8_t* data = nullptr;
  int64_t size = 0;
  std::shared_ptr<arrow::Buffer> owner;  ///< the allocation that `data` lies in, or a part of it
  int block = -1;                        ///< of the batch's blocks the one that has it; -1 = none
};

/// A batch in the layout of NativeBatch, over Arrow's memory.
struct OutgoingBatch {
  int64_t rows = 0;
  std::vector<double> nodes;
  std::vector<OutgoingBuffer> buffers;
  /// Memory that is lent as a whole; see ShareBlocks and GatherSmall.
  std::vector<std::shared_ptr<arrow::Buffer>> blocks;
};

/// \brief Lay a batch out for JavaScript. Any thread.
///
/// Slices become views that start at their first row: only bitmaps that do not start at a byte,
/// and offsets that do not start at 0, are copied. Children and value buffers of lists, text and
/// binary are narrowed to what the rows refer to. Every bit offset is 0.
/// Types that apache-arrow does not have are kUnsupportedType naming the field.
arrow::Result<OutgoingBatch> LayOutBatch(const arrow::RecordBatch& batch);

}  // namespace packed::binding
