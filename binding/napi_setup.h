#pragma once

// The only include of napi.h: its settings must be the same in every file. Exceptions are off,
// so a failed call leaves a pending JavaScript exception and an empty value.
#define NAPI_DISABLE_CPP_EXCEPTIONS
#define NODE_ADDON_API_DISABLE_DEPRECATED
#define NODE_ADDON_API_REQUIRE_BASIC_FINALIZERS
// A worker that is terminated inside a call of ours refuses every further call and cannot be
// thrown at; node-addon-api would abort the process for that.
#define NODE_API_SWALLOW_UNTHROWABLE_EXCEPTIONS

#include <napi.h>  // IWYU pragma: export
