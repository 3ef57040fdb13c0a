#pragma once

#include <memory>

#include "arrow/result.h"

#include "packed/c_api.h"
#include "packed/uploader.h"

namespace packed {

/// \brief An uploader over the functions of a C caller, which it releases when it goes.
///
/// Parts are sent by threads of the IoPool, everything else by the thread that asks for it. A null
/// function is kInvalidArgument, and the table is released then, too.
arrow::Result<std::shared_ptr<Uploader>> MakeCUploader(const CUploader* table);

}  // namespace packed
