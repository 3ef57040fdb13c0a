#include "row_positions.h"

#include <cmath>

#include "values.h"

namespace packed::binding {

arrow::Result<std::vector<int64_t>> ReadPositions(Napi::Value value) {
  if (!value.IsTypedArray() ||
      value.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    return Unexpected("a Float64Array", "rows", value);
  }
  const auto numbers = value.As<Napi::Float64Array>();
  std::vector<int64_t> positions(numbers.ElementLength());
  for (size_t i = 0; i < positions.size(); ++i) {
    const double number = numbers.Data()[i];
    constexpr double kLargest = 9007199254740991.0;
    if (!(std::fabs(number) <= kLargest) || std::trunc(number) != number) {
      return Unexpected("whole numbers", "rows", Napi::Number::New(value.Env(), number));
    }
    positions[i] = static_cast<int64_t>(number);
  }
  return positions;
}

}  // namespace packed::binding
