#pragma once

#include <cstdint>

#include "arrow/status.h"
#include "arrow/type_fwd.h"

#include "field_path.h"

namespace packed::binding {

/// How the buffers and children of an array are arranged.
enum class LayoutKind {
  kNull,           ///< no buffers
  kFixed,          ///< validity, values of `width` bytes; also the indices of dictionaries
  kBits,           ///< validity, bit-packed values
  kBinary,         ///< validity, offsets of `width` bytes, bytes
  kView,           ///< validity, views of `width` bytes, any number of data buffers
  kList,           ///< validity, offsets of `width` bytes; one child
  kFixedSizeList,  ///< validity; one child with `width` elements per row
  kStruct,         ///< validity; children of the same length
  kSparseUnion,    ///< type ids; children of the same length
  kDenseUnion,     ///< type ids, offsets; children of any length
  kUnsupported,    ///< apache-arrow has no such type
};

struct Layout {
  LayoutKind kind = LayoutKind::kUnsupported;
  int64_t width = 0;
  /// Native readers need addresses that are multiples of this.
  int64_t alignment = 1;
};

/// The type that the memory has: the storage type of extension types.
const arrow::DataType& StorageType(const arrow::DataType& type);

/// The layout of a storage type.
Layout LayoutOf(const arrow::DataType& type);

/// Buffers that JavaScript lists for an array, besides the data buffers of kView.
int64_t BufferCount(LayoutKind kind);

/// Whether the first buffer is the validity bitmap.
bool HasValidity(LayoutKind kind);

/// \brief kUnsupportedType naming the field when JavaScript has no such type.
arrow::Status CheckSupported(const arrow::DataType& type, const Layout& layout,
                             const FieldPath& path);

}  // namespace packed::binding
