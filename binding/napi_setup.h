#pragma once

// The only include of napi.h: its settings must be the same in every file. Exceptions are off,
// so a failed call leaves a pending JavaScript exception and an empty value.
#define NAPI_DISABLE_CPP_EXCEPTIONS
#define NODE_ADDON_API_DISABLE_DEPRECATED
#define NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS

#include <napi.h>  // IWYU pragma: export
