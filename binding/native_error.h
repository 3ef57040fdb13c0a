#pragma once

#include <exception>
#include <new>
#include <utility>

#include "arrow/result.h"
#include "arrow/status.h"

#include "napi_setup.h"
#include "packed/error.h"

namespace packed::binding {

/// \brief A status as the plain object NativeError of lib/native/addon.ts. JS thread.
///
/// Not an Error: those are made in TypeScript, in the realm and with the stack of the caller.
Napi::Object ToNativeError(Napi::Env env, const arrow::Status& status);

/// \brief Throw `status` as a NativeError, unless a JavaScript exception is pending already.
void ThrowNativeError(Napi::Env env, const arrow::Status& status);

/// \brief The status of a NativeError: code and message, for what it is about is known here. JS
/// thread.
arrow::Status FromNativeError(Napi::Object error);

/// The status of an exception that reached a boundary.
arrow::Status StatusOf(const std::exception& exception);

/// \brief Run `body` (which returns a Status or a Result); exceptions become its failure.
template <typename Body>
auto Guarded(Body&& body) noexcept -> decltype(body()) {
  try {
    return std::forward<Body>(body)();
  } catch (const std::exception& exception) {
    return StatusOf(exception);
  }
}

}  // namespace packed::binding
