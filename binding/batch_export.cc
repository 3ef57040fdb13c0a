#include "batch_export.h"

#include <cstring>
#include <utility>

#include "arrow/array/data.h"
#include "arrow/type.h"
#include "arrow/util/bit_util.h"
#include "arrow/util/bitmap_ops.h"

#include "field_path.h"
#include "layout.h"
#include "packed/memory.h"

namespace packed::binding {
namespace {

/// Where the values that some rows refer to lie in a child or value buffer.
struct Range {
  int64_t first = 0;
  int64_t length = 0;
};

class Exporter {
 public:
  arrow::Result<OutgoingBatch> Export(const arrow::RecordBatch& batch) && {
    out_.rows = batch.num_rows();
    for (int i = 0; i < batch.num_columns(); ++i) {
      const arrow::ArrayData& column = *batch.column_data(i);
      path_.Push(batch.schema()->field(i)->name());
      ARROW_RETURN_NOT_OK(ExportArray(column, column.offset, column.length));
      path_.Pop();
    }
    return std::move(out_);
  }

 private:
  /// Rows [offset, offset + length) of `data`, counted from the start of its buffers.
  arrow::Status ExportArray(const arrow::ArrayData& data, int64_t offset, int64_t length) {
    const arrow::DataType& type = StorageType(*data.type);
    const Layout layout = LayoutOf(type);
    ARROW_RETURN_NOT_OK(CheckSupported(type, layout, path_));
    const size_t node = StartNode(length);
    const size_t first_buffer = out_.buffers.size();
    if (HasValidity(layout.kind)) ARROW_RETURN_NOT_OK(ExportValidity(data, offset, length, node));
    Range range{offset, length};
    ARROW_RETURN_NOT_OK(ExportValues(data, layout, &range));
    out_.nodes[node + 3] = static_cast<double>(out_.buffers.size() - first_buffer);
    if (layout.kind == LayoutKind::kNull) out_.nodes[node + 1] = static_cast<double>(length);
    for (size_t i = 0; i < data.child_data.size(); ++i) {
      path_.Push(type.field(static_cast<int>(i))->name());
      ARROW_RETURN_NOT_OK(ExportChild(*data.child_data[i], layout, range));
      path_.Pop();
    }
    if (data.dictionary == nullptr) return arrow::Status::OK();
    return ExportArray(*data.dictionary, data.dictionary->offset, data.dictionary->length);
  }

  /// Length, null count, bit offset and number of buffers of a node; the counts come later.
  size_t StartNode(int64_t length) {
    const size_t node = out_.nodes.size();
    out_.nodes.insert(out_.nodes.end(), {static_cast<double>(length), 0, 0, 0});
    return node;
  }

  arrow::Status ExportChild(const arrow::ArrayData& child, const Layout& layout, Range range) {
    if (layout.kind == LayoutKind::kDenseUnion) {
      return ExportArray(child, child.offset, child.length);
    }
    return ExportArray(child, child.offset + range.first, range.length);
  }

  arrow::Status ExportValidity(const arrow::ArrayData& data, int64_t offset, int64_t length,
                               size_t node) {
    const auto& bitmap = data.buffers[0];
    if (bitmap == nullptr || length == 0) {
      Add({});
      return arrow::Status::OK();
    }
    const int64_t valid = arrow::internal::CountSetBits(bitmap->data(), offset, length);
    out_.nodes[node + 1] = static_cast<double>(length - valid);
    if (valid == length) {
      Add({});
      return arrow::Status::OK();
    }
    return AddBits(bitmap, offset, length);
  }

  /// \brief Add the buffers after validity; `range` becomes what the children are narrowed to.
  arrow::Status ExportValues(const arrow::ArrayData& data, const Layout& layout, Range* range) {
    const int64_t offset = range->first;
    const int64_t length = range->length;
    switch (layout.kind) {
      case LayoutKind::kFixed:
        AddBytes(data.buffers[1], offset * layout.width, length * layout.width);
        return arrow::Status::OK();
      case LayoutKind::kBits:
        return AddBits(data.buffers[1], offset, length);
      case LayoutKind::kBinary:
        ARROW_RETURN_NOT_OK(ExportOffsets(data, layout, *range).Value(range));
        AddBytes(data.buffers[2], range->first, range->length);
        return arrow::Status::OK();
      case LayoutKind::kList:
        return ExportOffsets(data, layout, *range).Value(range);
      case LayoutKind::kView:
        AddBytes(data.buffers[1], offset * layout.width, length * layout.width);
        for (size_t i = 2; i < data.buffers.size(); ++i) {
          AddBytes(data.buffers[i], 0, data.buffers[i]->size());
        }
        return arrow::Status::OK();
      case LayoutKind::kFixedSizeList:
        *range = {offset * layout.width, length * layout.width};
        return arrow::Status::OK();
      case LayoutKind::kSparseUnion:
        AddBytes(data.buffers[1], offset, length);
        return arrow::Status::OK();
      case LayoutKind::kDenseUnion:
        AddBytes(data.buffers[1], offset, length);
        AddBytes(data.buffers[2], offset * 4, length * 4);
        return arrow::Status::OK();
      default:
        return arrow::Status::OK();
    }
  }

  arrow::Result<Range> ExportOffsets(const arrow::ArrayData& data, const Layout& layout,
                                     Range rows) {
    return layout.width == sizeof(int32_t) ? ExportOffsets<int32_t>(data, rows)
                                           : ExportOffsets<int64_t>(data, rows);
  }

  /// \brief Add the offsets, starting at 0; returns the range of values between them.
  template <typename Offset>
  arrow::Result<Range> ExportOffsets(const arrow::ArrayData& data, Range rows) {
    const auto& buffer = data.buffers[1];
    const int64_t bytes = (rows.length + 1) * static_cast<int64_t>(sizeof(Offset));
    if (rows.length == 0 || buffer == nullptr || buffer->size() == 0) {
      ARROW_ASSIGN_OR_RAISE(auto zero, Allocate(sizeof(Offset)));
      std::memset(zero->mutable_data(), 0, sizeof(Offset));
      AddBytes(std::move(zero), 0, sizeof(Offset));
      return Range{};
    }
    const auto* offsets = reinterpret_cast<const Offset*>(buffer->data()) + rows.first;
    const Range range{offsets[0], offsets[rows.length] - offsets[0]};
    if (offsets[0] == 0) {
      AddBytes(buffer, rows.first * static_cast<int64_t>(sizeof(Offset)), bytes);
      return range;
    }
    ARROW_ASSIGN_OR_RAISE(auto rebased, Allocate(bytes));
    auto* target = reinterpret_cast<Offset*>(rebased->mutable_data());
    for (int64_t i = 0; i <= rows.length; ++i) target[i] = offsets[i] - offsets[0];
    AddBytes(std::move(rebased), 0, bytes);
    return range;
  }

  arrow::Status AddBits(const std::shared_ptr<arrow::Buffer>& bitmap, int64_t offset,
                        int64_t length) {
    const int64_t bytes = arrow::bit_util::BytesForBits(length);
    if (offset % 8 == 0 || length == 0) {
      AddBytes(bitmap, offset / 8, bytes);
      return arrow::Status::OK();
    }
    ARROW_ASSIGN_OR_RAISE(auto shifted,
                          arrow::internal::CopyBitmap(Pool(), bitmap->data(), offset, length));
    AddBytes(std::move(shifted), 0, bytes);
    return arrow::Status::OK();
  }

  static arrow::Result<std::shared_ptr<arrow::Buffer>> Allocate(int64_t bytes) {
    return arrow::AllocateBuffer(bytes, Pool());
  }

  void AddBytes(std::shared_ptr<arrow::Buffer> buffer, int64_t first, int64_t bytes) {
    const uint8_t* data = buffer == nullptr || bytes == 0 ? nullptr : buffer->data() + first;
    Add({data, data == nullptr ? 0 : bytes, std::move(buffer)});
  }

  void Add(OutgoingBuffer buffer) { out_.buffers.push_back(std::move(buffer)); }

  OutgoingBatch out_;
  FieldPath path_;
};

}  // namespace

arrow::Result<OutgoingBatch> LayOutBatch(const arrow::RecordBatch& batch) {
  return Exporter().Export(batch);
}

}  // namespace packed::binding
