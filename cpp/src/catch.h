#pragma once

#include <exception>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

#include "parquet/exception.h"

#include "packed/error.h"

namespace packed {

/// \brief Call `function` (returning Status or Result) and turn any exception into a status.
///
/// Parquet reports by exceptions, the standard library runs out of memory by them, and none
/// may reach a thread's top or a C caller.
template <typename Function>
std::invoke_result_t<Function> CatchAll(Function&& function) {
  try {
    return std::forward<Function>(function)();
  } catch (const parquet::ParquetStatusException& e) {
    return e.status();
  } catch (const parquet::ParquetException& e) {
    return arrow::Status::IOError(e.what());
  } catch (const std::bad_alloc&) {
    return MakeError(ErrorCode::kOutOfMemory, "Out of memory");
  } catch (const std::exception& e) {
    return MakeError(ErrorCode::kInternal, std::string("Unexpected exception: ") + e.what());
  } catch (...) {
    return MakeError(ErrorCode::kInternal, "Unexpected exception of an unknown type");
  }
}

}  // namespace packed
