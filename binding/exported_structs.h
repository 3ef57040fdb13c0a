#pragma once

#include <cstdint>
#include <string>

#include "arrow/c/abi.h"
#include "arrow/result.h"
#include "arrow/status.h"

namespace packed::binding {

/// \brief C structs that JavaScript holds by address, on behalf of other native libraries.
///
/// The structs are ours, their contents belong to whoever has not yet released them. Addresses
/// are remembered, for the whole process, so that freeing twice or freeing a foreign address is
/// an error rather than the end of the process. Any thread.
template <typename Struct>
int64_t PublishStruct(Struct** out);

template <>
int64_t PublishStruct(ArrowArray** out);
template <>
int64_t PublishStruct(ArrowSchema** out);
template <>
int64_t PublishStruct(ArrowArrayStream** out);

/// \brief Free the struct of `kind` (array, schema, stream) at `address`, releasing its contents
/// if nobody took them over.
arrow::Status FreeStruct(const std::string& kind, int64_t address);

}  // namespace packed::binding
