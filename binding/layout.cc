#include "layout.h"

#include <algorithm>
#include <string>

#include "arrow/extension_type.h"
#include "arrow/type.h"
#include "arrow/type_traits.h"

#include "packed/error.h"

namespace packed::binding {
namespace {

constexpr int64_t kViewBytes = 16;
constexpr int64_t kWidestWord = 8;

Layout FixedLayout(const arrow::DataType& type) {
  const int64_t width = type.byte_width();
  const bool opaque = type.id() == arrow::Type::FIXED_SIZE_BINARY;
  return {LayoutKind::kFixed, width, opaque ? 1 : std::min(width, kWidestWord)};
}

}  // namespace

const arrow::DataType& StorageType(const arrow::DataType& type) {
  // Callers pass types that fields own: the reference they get lives as long as the field.
  if (type.id() != arrow::Type::EXTENSION)
    return type;  // NOLINT(bugprone-return-const-ref-from-parameter)
  return StorageType(*static_cast<const arrow::ExtensionType&>(type).storage_type());
}

Layout LayoutOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::NA:
      return {LayoutKind::kNull};
    case arrow::Type::BOOL:
      return {LayoutKind::kBits};
    case arrow::Type::BINARY:
    case arrow::Type::STRING:
      return {LayoutKind::kBinary, sizeof(int32_t), sizeof(int32_t)};
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::LARGE_STRING:
      return {LayoutKind::kBinary, sizeof(int64_t), sizeof(int64_t)};
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::STRING_VIEW:
      return {LayoutKind::kView, kViewBytes, kWidestWord};
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return {LayoutKind::kList, sizeof(int32_t), sizeof(int32_t)};
    case arrow::Type::LARGE_LIST:
      return {LayoutKind::kList, sizeof(int64_t), sizeof(int64_t)};
    case arrow::Type::FIXED_SIZE_LIST:
      return {LayoutKind::kFixedSizeList,
              static_cast<const arrow::FixedSizeListType&>(type).list_size()};
    case arrow::Type::STRUCT:
      return {LayoutKind::kStruct};
    case arrow::Type::SPARSE_UNION:
      return {LayoutKind::kSparseUnion};
    case arrow::Type::DENSE_UNION:
      return {LayoutKind::kDenseUnion};
    case arrow::Type::DICTIONARY:
      return FixedLayout(*static_cast<const arrow::DictionaryType&>(type).index_type());
    default:
      return arrow::is_fixed_width(type.id()) ? FixedLayout(type) : Layout{};
  }
}

int64_t BufferCount(LayoutKind kind) {
  switch (kind) {
    case LayoutKind::kFixed:
    case LayoutKind::kBits:
    case LayoutKind::kView:
    case LayoutKind::kList:
    case LayoutKind::kDenseUnion:
      return 2;
    case LayoutKind::kBinary:
      return 3;
    case LayoutKind::kFixedSizeList:
    case LayoutKind::kStruct:
    case LayoutKind::kSparseUnion:
      return 1;
    default:
      return 0;
  }
}

bool HasValidity(LayoutKind kind) {
  return kind != LayoutKind::kNull && kind != LayoutKind::kSparseUnion &&
         kind != LayoutKind::kDenseUnion;
}

arrow::Status CheckSupported(const arrow::DataType& type, const Layout& layout,
                             const FieldPath& path) {
  if (layout.kind != LayoutKind::kUnsupported) return arrow::Status::OK();
  const std::string field = path.ToString();
  return MakeError(ErrorCode::kUnsupportedType,
                   "Expected a type that apache-arrow has for field '" + field + "' but received " +
                       type.ToString(),
                   {{}, field});
}

}  // namespace packed::binding
