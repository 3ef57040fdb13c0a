#pragma once

#include <string>

#include "arrow/c/abi.h"

namespace packed::binding {

/// \brief The NativeSchemaText of an ArrowSchema of struct type: JSON, as valid UTF-8. Any thread.
///
/// One string is made and parsed in less time than an object for every field takes.
std::string SchemaText(const ArrowSchema& schema);

}  // namespace packed::binding
