#pragma once

#include "arrow/status.h"

#include "batch_export.h"

namespace packed::binding {

/// \brief Copy the buffers that are too small to lend each on its own into one block, which
/// becomes one of the batch's. Any thread, so that it need not be the one of JavaScript.
///
/// An ArrayBuffer costs as much as copying some tens of KiB. Batches of which a block would be
/// small too, and parts of a mapped file, stay as they are.
arrow::Status GatherSmall(OutgoingBatch* batch);

}  // namespace packed::binding
