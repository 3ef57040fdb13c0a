#include "batch_import.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "arrow/array/concatenate.h"
#include "arrow/array/util.h"
#include "arrow/c/bridge.h"
#include "arrow/record_batch.h"
#include "arrow/type.h"
#include "arrow/util/int_util_overflow.h"

#include "array_node.h"
#include "buffer_placer.h"
#include "copy_plan.h"
#include "field_path.h"
#include "flat_reader.h"
#include "layout.h"
#include "packed/error.h"
#include "packed/memory.h"

namespace packed::binding {
namespace {

/// The bytes of a view start at any address.
int64_t LoadOffset(const void* offsets, int64_t width, int64_t index) {
  int64_t wide = 0;
  int32_t narrow = 0;
  const auto* at = static_cast<const uint8_t*>(offsets) + index * width;
  if (width == sizeof(narrow)) {
    std::memcpy(&narrow, at, sizeof(narrow));
    return narrow;
  }
  std::memcpy(&wide, at, sizeof(wide));
  return wide;
}

class Importer {
 public:
  Importer(const FlatReader& reader, BufferPlacer placer)
      : reader_(reader), placer_(std::move(placer)) {}

  arrow::Status ImportColumns(const arrow::Schema& schema, ArrowArray* out) {
    const auto columns = static_cast<size_t>(schema.num_fields());
    ArrayNode* root = ArrayNode::Make(placer_.memory(), 1, columns, out);
    out->length = reader_.rows();
    for (size_t i = 0; i < columns; ++i) {
      const arrow::Field& field = *schema.field(static_cast<int>(i));
      ARROW_RETURN_NOT_OK(ImportField(field, root->child(i)));
      if (root->child(i)->length != reader_.rows()) {
        path_.Push(field.name());
        return Mismatch(std::to_string(reader_.rows()) + " rows", root->child(i)->length);
      }
    }
    ARROW_RETURN_NOT_OK(reader_.CheckEnd());
    return placer_.Run();
  }

 private:
  /// What the buffers of one array are checked and placed with.
  struct Target {
    FlatNode node;
    Layout layout;
    ArrayNode* slots = nullptr;
    ArrowArray* array = nullptr;
    bool nothing_valid = false;  ///< no row has a value: missing buffers read as zeros
    int64_t child_length = 0;    ///< the elements that the rows refer to
  };

  arrow::Status ImportField(const arrow::Field& field, ArrowArray* out) {
    path_.Push(field.name());
    ARROW_RETURN_NOT_OK(ImportArray(StorageType(*field.type()), out));
    path_.Pop();
    return arrow::Status::OK();
  }

  arrow::Status ImportArray(const arrow::DataType& type, ArrowArray* out) {
    ARROW_ASSIGN_OR_RAISE(const FlatNode node, reader_.NextNode(path_));
    if (node.buffer_count < 0) return ImportChunks(type, node, out);
    const Layout layout = LayoutOf(type);
    ARROW_RETURN_NOT_OK(CheckSupported(type, layout, path_));
    ARROW_RETURN_NOT_OK(CheckBufferCount(node, layout));
    const auto buffers = static_cast<size_t>(node.buffer_count);
    const size_t lengths = layout.kind == LayoutKind::kView ? 1 : 0;
    Target target{node, layout};
    target.slots = ArrayNode::Make(placer_.memory(), buffers + lengths,
                                   static_cast<size_t>(type.num_fields()), out);
    target.array = out;
    target.nothing_valid = node.length == 0;
    out->length = node.length;
    ARROW_RETURN_NOT_OK(ImportValidity(target));
    ARROW_RETURN_NOT_OK(ImportBuffers(target));
    ARROW_RETURN_NOT_OK(ImportChildren(type, target));
    if (type.id() != arrow::Type::DICTIONARY) return arrow::Status::OK();
    return ImportDictionary(static_cast<const arrow::DictionaryType&>(type), target);
  }

  arrow::Status CheckBufferCount(const FlatNode& node, const Layout& layout) const {
    const int64_t expected = BufferCount(layout.kind);
    const bool variadic = layout.kind == LayoutKind::kView;
    if (node.buffer_count == expected || (variadic && node.buffer_count > expected)) {
      return arrow::Status::OK();
    }
    return Mismatch(std::to_string(expected) + " buffers", node.buffer_count);
  }

  /// The null count is left to Arrow wherever there is a bitmap: a wrong one would be trusted.
  arrow::Status ImportValidity(Target& target) {
    const FlatNode& node = target.node;
    if (!HasValidity(target.layout.kind)) {
      target.array->null_count = target.layout.kind == LayoutKind::kNull ? node.length : 0;
      return arrow::Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(const FlatView view, reader_.NextView(path_));
    if (view.size == 0 && node.null_count <= 0) return arrow::Status::OK();
    const bool all_null = node.null_count == node.length;
    target.array->null_count = all_null && view.size == 0 ? node.length : -1;
    target.nothing_valid = target.nothing_valid || all_null;
    return placer_.PlaceBits(path_, view, node.bit_offset, node.length, all_null,
                             target.slots->buffer(0));
  }

  arrow::Status ImportBuffers(Target& target) {
    const int64_t length = target.node.length;
    const Layout& layout = target.layout;
    switch (layout.kind) {
      case LayoutKind::kFixed:
        return ImportFixed(target, 1, layout.width, layout.alignment);
      case LayoutKind::kBits:
        return ImportBits(target);
      case LayoutKind::kBinary: {
        ARROW_ASSIGN_OR_RAISE(const int64_t end, ImportOffsets(target));
        ARROW_ASSIGN_OR_RAISE(const FlatView bytes, reader_.NextView(path_));
        return Place(target, 2, bytes, end, 1);
      }
      case LayoutKind::kView:
        ARROW_RETURN_NOT_OK(ImportFixed(target, 1, layout.width, layout.alignment));
        return ImportVariadic(target);
      case LayoutKind::kList:
        return ImportOffsets(target).Value(&target.child_length);
      case LayoutKind::kFixedSizeList:
        return Multiply(length, layout.width).Value(&target.child_length);
      case LayoutKind::kStruct:
        target.child_length = length;
        return arrow::Status::OK();
      case LayoutKind::kSparseUnion:
        target.child_length = length;
        return ImportFixed(target, 0, 1, 1);
      case LayoutKind::kDenseUnion:
        ARROW_RETURN_NOT_OK(ImportFixed(target, 0, 1, 1));
        return ImportFixed(target, 1, sizeof(int32_t), sizeof(int32_t));
      default:
        return arrow::Status::OK();
    }
  }

  arrow::Status ImportFixed(Target& target, size_t slot, int64_t width, int64_t alignment) {
    ARROW_ASSIGN_OR_RAISE(const FlatView view, reader_.NextView(path_));
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, Multiply(target.node.length, width));
    return Place(target, slot, view, bytes, alignment);
  }

  arrow::Status ImportBits(Target& target) {
    ARROW_ASSIGN_OR_RAISE(const FlatView view, reader_.NextView(path_));
    return placer_.PlaceBits(path_, view, target.node.bit_offset, target.node.length,
                             target.nothing_valid, target.slots->buffer(1));
  }

  /// \brief Place the offsets and return the last one: how much of the child is in use.
  arrow::Result<int64_t> ImportOffsets(Target& target) {
    const int64_t width = target.layout.width;
    const int64_t length = target.node.length;
    ARROW_ASSIGN_OR_RAISE(const FlatView view, reader_.NextView(path_));
    ARROW_ASSIGN_OR_RAISE(const int64_t bytes, Multiply(length + 1, width));
    ARROW_RETURN_NOT_OK(Place(target, 1, view, bytes, width));
    if (view.size < bytes) return 0;  // nothing valid: zeros were placed
    const int64_t first = LoadOffset(view.data, width, 0);
    const int64_t last = LoadOffset(view.data, width, length);
    if (first < 0 || last < first) return Mismatch("offsets that grow from 0", last);
    return last;
  }

  arrow::Status ImportVariadic(Target& target) {
    std::vector<int64_t>& lengths = target.slots->view_lengths();
    const auto buffers = static_cast<size_t>(target.node.buffer_count);
    lengths.reserve(buffers);
    for (size_t slot = 2; slot < buffers; ++slot) {
      ARROW_ASSIGN_OR_RAISE(const FlatView view, reader_.NextView(path_));
      lengths.push_back(view.size);
      ARROW_RETURN_NOT_OK(Place(target, slot, view, view.size, 1));
    }
    *target.slots->buffer(buffers) = lengths.data();
    return arrow::Status::OK();
  }

  arrow::Status ImportChildren(const arrow::DataType& type, Target& target) {
    for (int i = 0; i < type.num_fields(); ++i) {
      const arrow::Field& field = *type.field(i);
      ArrowArray* child = target.slots->child(static_cast<size_t>(i));
      ARROW_RETURN_NOT_OK(ImportField(field, child));
      if (child->length >= target.child_length) continue;
      path_.Push(field.name());
      if (!target.nothing_valid) {
        return Mismatch("at least " + std::to_string(target.child_length) + " values",
                        child->length);
      }
      ARROW_RETURN_NOT_OK(ReplaceByNulls(field.type(), target.child_length, child));
      path_.Pop();
    }
    return arrow::Status::OK();
  }

  /// Children of a column without a value need not exist in JavaScript, but do in Arrow.
  arrow::Status ReplaceByNulls(const std::shared_ptr<arrow::DataType>& type, int64_t length,
                               ArrowArray* child) {
    ARROW_ASSIGN_OR_RAISE(const auto nulls, arrow::MakeArrayOfNull(type, length, Pool()));
    ArrowArrayRelease(child);
    return arrow::ExportArray(*nulls, child);
  }

  /// Dictionaries are always copied: Parquet keeps them longer than the call.
  arrow::Status ImportDictionary(const arrow::DictionaryType& type, Target& target) {
    const bool before = placer_.SetCopy(true);
    ArrowArray* dictionary = target.slots->AddDictionary(target.array);
    ARROW_RETURN_NOT_OK(ImportArray(StorageType(*type.value_type()), dictionary));
    placer_.SetCopy(before);
    return arrow::Status::OK();
  }

  /// A dictionary in several chunks becomes one array, natively owned.
  arrow::Status ImportChunks(const arrow::DataType& type, const FlatNode& node, ArrowArray* out) {
    CopyPlan outer = placer_.ReplaceCopies({});
    arrow::ArrayVector chunks;
    for (int64_t i = 0; i < -node.buffer_count; ++i) {
      OwnedArray chunk;
      ARROW_RETURN_NOT_OK(ImportArray(type, chunk.get()));
      ARROW_RETURN_NOT_OK(placer_.Run());
      ARROW_ASSIGN_OR_RAISE(auto array, arrow::ImportArray(chunk.get(), type.GetSharedPtr()));
      chunks.push_back(std::move(array));
    }
    placer_.ReplaceCopies(std::move(outer));
    ARROW_ASSIGN_OR_RAISE(const auto joined, arrow::Concatenate(chunks, Pool()));
    return arrow::ExportArray(*joined, out);
  }

  arrow::Status Place(Target& target, size_t slot, const FlatView& view, int64_t bytes,
                      int64_t alignment) {
    return placer_.PlaceBytes(path_, view, bytes, alignment, target.nothing_valid,
                              target.slots->buffer(slot));
  }

  arrow::Result<int64_t> Multiply(int64_t count, int64_t width) const {
    int64_t bytes = 0;
    if (arrow::internal::MultiplyWithOverflow(count, width, &bytes)) {
      return Mismatch("a length that fits memory", count);
    }
    return bytes;
  }

  arrow::Status Mismatch(const std::string& expected, int64_t received) const {
    return FieldMismatch(path_, expected, received);
  }

  FlatReader reader_;
  BufferPlacer placer_;
  FieldPath path_;
};

}  // namespace

arrow::Result<ImportedBatch> ImportFlatBatch(Environment& environment, Napi::Object batch,
                                             const arrow::Schema& schema, bool copy) {
  ARROW_ASSIGN_OR_RAISE(const FlatReader reader, FlatReader::Make(batch));
  ImportedBatch imported;
  imported.memory = std::make_shared<BorrowedMemory>(environment.shared_from_this());
  Importer importer(reader, BufferPlacer(imported.memory, copy));
  ARROW_RETURN_NOT_OK(importer.ImportColumns(schema, imported.array.get()));
  return imported;
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> ImportAsRecordBatch(
    Environment& environment, Napi::Object batch, const std::shared_ptr<arrow::Schema>& schema,
    bool copy) {
  ARROW_ASSIGN_OR_RAISE(ImportedBatch imported, ImportFlatBatch(environment, batch, *schema, copy));
  return arrow::ImportRecordBatch(imported.array.get(), schema);
}

}  // namespace packed::binding
