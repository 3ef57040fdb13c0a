#pragma once

#include <cstdint>
#include <memory>

#include "arrow/filesystem/s3fs.h"

namespace packed {

/// \brief Ask once: whoever calls has a deadline and asks again itself.
std::shared_ptr<arrow::fs::S3RetryStrategy> AskOnce();

/// \brief Ask again, after pauses that grow and are random, until `timeout_ms` of them are over.
///
/// For Arrow's output stream, whose requests nobody else can repeat. Throttling is understood by
/// the names that stores give it; what the store refuses for good is never asked again.
std::shared_ptr<arrow::fs::S3RetryStrategy> AskFor(int64_t timeout_ms);

}  // namespace packed
