#pragma once

#include <cstdint>

#include "arrow/result.h"

#include "field_path.h"
#include "napi_setup.h"

namespace packed::binding {

/// One node of a FlatBatch.
struct FlatNode {
  int64_t length = 0;
  int64_t null_count = 0;
  int64_t bit_offset = 0;
  int64_t buffer_count = 0;
};

/// One view of a FlatBatch; `data` is null for an absent buffer.
struct FlatView {
  const uint8_t* data = nullptr;
  int64_t size = 0;
  Napi::Value array_buffer;
  const void* base = nullptr;  ///< where the ArrayBuffer starts
  bool exclusive = false;      ///< an ArrayBuffer, not shared memory
};

/// \brief Reads the nodes and views of a FlatBatch in order. JS thread, one handle scope.
class FlatReader {
 public:
  static arrow::Result<FlatReader> Make(Napi::Object batch);

  int64_t rows() const { return rows_; }
  arrow::Result<FlatNode> NextNode(const FieldPath& path);
  arrow::Result<FlatView> NextView(const FieldPath& path);
  /// \brief Fails when the batch has more nodes or views than its schema.
  arrow::Status CheckEnd() const;

 private:
  FlatReader(int64_t rows, Napi::Float64Array nodes, Napi::Array views)
      : rows_(rows), nodes_(nodes), views_(views), view_count_(views.Length()) {}

  int64_t rows_;
  Napi::Float64Array nodes_;
  Napi::Array views_;
  uint32_t view_count_;
  size_t next_number_ = 0;
  uint32_t next_view_ = 0;
};

/// \brief Memory of a typed array or DataView; kDetached when JavaScript took it away.
arrow::Result<FlatView> ReadView(Napi::Value value, const FieldPath& path);

/// \brief Whether native code may read the view after this call: shared and resizable memory can
/// change or go away under it at any time.
bool MayLend(const FlatView& view);

}  // namespace packed::binding
