#pragma once

#include <memory>

#include "arrow/result.h"

#include "packed/storage.h"
#include "remote_file.h"

namespace packed {

/// \brief Start an object that Arrow's own client writes: for callers without an Uploader.
///
/// Nothing is visible before Publish; on Azure an empty object is. What does not hold here: the
/// size of parts is Arrow's and does not grow, no bound on the bytes in flight, no condition
/// (kError is asked for before and not kept while the object is made), and an upload that was cut
/// off may stay open in the store.
arrow::Result<std::unique_ptr<PendingFile>> CreateRemoteFile(RemoteObject object,
                                                             IfExists if_exists);

}  // namespace packed
