#include "flat_reader.h"

#include <cmath>
#include <string>
#include <utility>

#include "packed/error.h"
#include "values.h"

namespace packed::binding {
namespace {

constexpr size_t kNodeStride = 4;
constexpr double kLargestNumber = 9007199254740991.0;

arrow::Status BadBatch(std::string message, const FieldPath& path) {
  return MakeError(ErrorCode::kInvalidArgument, std::move(message), {{}, path.ToString()});
}

bool IsCount(double number, double least) {
  return number >= least && number <= kLargestNumber && std::trunc(number) == number;
}

/// Where the view lies, and the ArrayBuffer below it.
arrow::Status LocateView(Napi::Value value, const FieldPath& path, FlatView* view) {
  napi_value below = nullptr;
  void* data = nullptr;
  size_t length = 0;
  napi_status status = napi_invalid_arg;
  if (value.IsTypedArray()) {
    napi_typedarray_type type{};
    status = napi_get_typedarray_info(value.Env(), value, &type, &length, &data, &below, nullptr);
    if (status == napi_ok) length *= value.As<Napi::TypedArray>().ElementSize();
  } else if (value.IsDataView()) {
    status = napi_get_dataview_info(value.Env(), value, &length, &data, &below, nullptr);
  }
  if (status != napi_ok) return Unexpected("a view of an ArrayBuffer", path.ToString(), value);
  view->data = static_cast<const uint8_t*>(data);
  view->size = static_cast<int64_t>(length);
  view->array_buffer = Napi::Value(value.Env(), below);
  return arrow::Status::OK();
}

bool IsResizable(Napi::Value array_buffer) {
  const Napi::Value resizable = array_buffer.As<Napi::Object>().Get("resizable");
  return !resizable.IsEmpty() && resizable.IsBoolean() && resizable.As<Napi::Boolean>().Value();
}

}  // namespace

arrow::Result<FlatReader> FlatReader::Make(Napi::Object batch) {
  ARROW_ASSIGN_OR_RAISE(const int64_t rows, ReadMember<int64_t>(batch, "rows"));
  ARROW_ASSIGN_OR_RAISE(Napi::Array views, ReadMember<Napi::Array>(batch, "buffers"));
  const Napi::Value nodes = batch.Get("nodes");
  if (nodes.IsEmpty() || !nodes.IsTypedArray() ||
      nodes.As<Napi::TypedArray>().TypedArrayType() != napi_float64_array) {
    return Unexpected("a Float64Array", "nodes", nodes);
  }
  return FlatReader(rows, nodes.As<Napi::Float64Array>(), views);
}

arrow::Result<FlatNode> FlatReader::NextNode(const FieldPath& path) {
  if (next_number_ + kNodeStride > nodes_.ElementLength()) {
    return BadBatch("Expected a node for every field of the schema but received too few", path);
  }
  const double* numbers = nodes_.Data() + next_number_;
  next_number_ += kNodeStride;
  if (!IsCount(numbers[0], 0) || !IsCount(numbers[1], -1) || !IsCount(numbers[2], 0) ||
      !IsCount(numbers[3], -kLargestNumber)) {
    return BadBatch("Expected counts in a node but received other numbers", path);
  }
  return FlatNode{static_cast<int64_t>(numbers[0]), static_cast<int64_t>(numbers[1]),
                  static_cast<int64_t>(numbers[2]), static_cast<int64_t>(numbers[3])};
}

arrow::Result<FlatView> FlatReader::NextView(const FieldPath& path) {
  if (next_view_ >= view_count_) {
    return BadBatch("Expected a buffer for every node but received too few", path);
  }
  return ReadView(views_.Get(next_view_++), path);
}

arrow::Status FlatReader::CheckEnd() const {
  if (next_number_ == nodes_.ElementLength() && next_view_ == view_count_) {
    return arrow::Status::OK();
  }
  return BadBatch("Expected the nodes and buffers of the schema but received more", {});
}

arrow::Result<FlatView> ReadView(Napi::Value value, const FieldPath& path) {
  FlatView view;
  if (value.IsEmpty() || value.IsNull() || value.IsUndefined()) return view;
  ARROW_RETURN_NOT_OK(LocateView(value, path, &view));
  bool detached = false;
  napi_is_detached_arraybuffer(value.Env(), view.array_buffer, &detached);
  if (detached) {
    return MakeError(ErrorCode::kDetached,
                     "Expected the memory of field '" + path.ToString() +
                         "' but received a buffer that was transferred away",
                     {{}, path.ToString()});
  }
  if (!view.array_buffer.IsArrayBuffer()) return view;
  void* base = nullptr;
  size_t size = 0;
  napi_get_arraybuffer_info(value.Env(), view.array_buffer, &base, &size);
  view.base = base;
  view.exclusive = true;
  return view;
}

bool MayLend(const FlatView& view) { return view.exclusive && !IsResizable(view.array_buffer); }

}  // namespace packed::binding
