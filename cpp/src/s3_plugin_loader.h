#pragma once

#include "arrow/result.h"

#include "../plugin/s3_plugin.h"

namespace packed {

/// \brief The S3 plug-in, opened at the first call. It lies beside the library that this code is
/// linked into. kNotSupported where it is missing. Blocks for the file system; any thread.
arrow::Result<const S3Plugin*> LoadS3Plugin();

}  // namespace packed
