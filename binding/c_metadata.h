#pragma once

#include <string>

#include "values.h"

namespace packed::binding {

/// \brief The pairs of a metadata blob of the C Data Interface: a count, then length and bytes of
/// each key and value. None where there is no blob.
StringPairs DecodeMetadata(const char* blob);

/// \brief The blob of `pairs`. Keys of extension types are left out: Arrow would replace the types
/// it knows; the metadata is attached again after the import.
std::string EncodeMetadata(const StringPairs& pairs);

/// \brief Whether there is a key of an extension type among `pairs`.
bool HasExtensionKey(const StringPairs& pairs);

}  // namespace packed::binding
