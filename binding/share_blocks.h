#pragma once

#include "batch_export.h"

namespace packed::binding {

/// \brief Name the allocations of which several buffers of the batch are parts, so that each is
/// lent as a whole, as one ArrayBuffer. Any thread.
///
/// Only those that the batch has more than half of: a batch that was cut from a larger one must
/// not keep all of that.
void ShareBlocks(OutgoingBatch* batch);

}  // namespace packed::binding
