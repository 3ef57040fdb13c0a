#include "row_sizer.h"

#include <utility>

#include "arrow/array.h"
#include "arrow/extension_type.h"
#include "arrow/util/checked_cast.h"

#include "stored_type.h"

namespace packed {

using arrow::ArrayData;
using arrow::internal::checked_cast;

/// One level of a column. Rows are counted from the array's own start; its offset is added here.
class RowSizer::Node {
 public:
  Node(const ArrayData& data, bool nullable) : data_(data), validity_bits_(nullable ? 1 : 0) {}
  virtual ~Node() = default;

  int64_t Bits(int64_t begin, int64_t end) const {
    return validity_bits_ * (end - begin) + ValueBits(begin, end);
  }

 protected:
  virtual int64_t ValueBits(int64_t begin, int64_t end) const = 0;

  const ArrayData& data_;

 private:
  int64_t validity_bits_;
};

namespace {

using Node = RowSizer::Node;
using NodePtr = std::unique_ptr<Node>;

NodePtr MakeNode(const ArrayData& data, const arrow::DataType& type, bool nullable);

class FixedNode final : public Node {
 public:
  FixedNode(const ArrayData& data, bool nullable, int64_t row_bits)
      : Node(data, nullable), row_bits_(row_bits) {}

 private:
  int64_t ValueBits(int64_t begin, int64_t end) const override { return row_bits_ * (end - begin); }
  int64_t row_bits_;
};

template <typename Offset>
class BinaryNode final : public Node {
 public:
  using Node::Node;

 private:
  int64_t ValueBits(int64_t begin, int64_t end) const override {
    if (begin == end) return 0;
    const auto* offsets = data_.GetValues<Offset>(1);
    return 8 * (static_cast<int64_t>(sizeof(Offset)) * (end - begin) +
                static_cast<int64_t>(offsets[end] - offsets[begin]));
  }
};

template <typename Offset>
class ListNode final : public Node {
 public:
  ListNode(const ArrayData& data, bool nullable, const arrow::Field& child)
      : Node(data, nullable),
        child_(MakeNode(*data.child_data[0], *child.type(), child.nullable())) {}

 private:
  int64_t ValueBits(int64_t begin, int64_t end) const override {
    if (begin == end) return 0;
    const auto* offsets = data_.GetValues<Offset>(1);
    return 8 * static_cast<int64_t>(sizeof(Offset)) * (end - begin) +
           child_->Bits(offsets[begin], offsets[end]);
  }
  NodePtr child_;
};

class FixedSizeListNode final : public Node {
 public:
  FixedSizeListNode(const ArrayData& data, bool nullable, const arrow::FixedSizeListType& type)
      : Node(data, nullable),
        size_(type.list_size()),
        child_(MakeNode(*data.child_data[0], *type.value_type(), type.value_field()->nullable())) {}

 private:
  /// Stored as a list: offsets are part of what a reader decodes.
  int64_t ValueBits(int64_t begin, int64_t end) const override {
    return 32 * (end - begin) +
           child_->Bits((data_.offset + begin) * size_, (data_.offset + end) * size_);
  }
  int64_t size_;
  NodePtr child_;
};

class StructNode final : public Node {
 public:
  StructNode(const ArrayData& data, bool nullable, const arrow::DataType& type)
      : Node(data, nullable) {
    for (int i = 0; i < type.num_fields(); ++i) {
      const auto& field = *type.field(i);
      children_.push_back(MakeNode(*data.child_data[i], *field.type(), field.nullable()));
    }
  }

 private:
  int64_t ValueBits(int64_t begin, int64_t end) const override {
    int64_t bits = 0;
    for (const auto& child : children_) {
      bits += child->Bits(data_.offset + begin, data_.offset + end);
    }
    return bits;
  }
  std::vector<NodePtr> children_;
};

/// Rows whose values lie anywhere: their sizes are summed once, at the first probe.
class ScatteredNode : public Node {
 public:
  using Node::Node;

 private:
  int64_t ValueBits(int64_t begin, int64_t end) const override {
    if (sums_.empty()) {
      sums_.reserve(data_.length + 1);
      sums_.push_back(0);
      for (int64_t i = 0; i < data_.length; ++i) sums_.push_back(sums_.back() + RowBits(i));
    }
    return sums_[end] - sums_[begin];
  }
  virtual int64_t RowBits(int64_t row) const = 0;

  mutable std::vector<int64_t> sums_;
};

class ViewNode final : public ScatteredNode {
 public:
  using ScatteredNode::ScatteredNode;

 private:
  int64_t RowBits(int64_t row) const override {
    if (data_.IsNull(row)) return 32;
    return 32 +
           8 * static_cast<int64_t>(data_.GetValues<arrow::BinaryViewType::c_type>(1)[row].size());
  }
};

template <typename Offset>
class ListViewNode final : public ScatteredNode {
 public:
  ListViewNode(const ArrayData& data, bool nullable, const arrow::Field& child)
      : ScatteredNode(data, nullable),
        child_(MakeNode(*data.child_data[0], *child.type(), child.nullable())) {}

 private:
  int64_t RowBits(int64_t row) const override {
    const int64_t offset_bits = 8 * static_cast<int64_t>(sizeof(Offset));
    if (data_.IsNull(row)) return offset_bits;
    const Offset start = data_.GetValues<Offset>(1)[row];
    return offset_bits + child_->Bits(start, start + data_.GetValues<Offset>(2)[row]);
  }
  NodePtr child_;
};

class DictionaryNode final : public ScatteredNode {
 public:
  DictionaryNode(const ArrayData& data, bool nullable, const arrow::DictionaryType& type)
      : ScatteredNode(data, nullable),
        array_(data.Copy()),
        null_bits_(NullBits(*StoredType(type.value_type()))),
        values_(MakeNode(*data.dictionary, *type.value_type(), false)) {}

 private:
  int64_t RowBits(int64_t row) const override {
    if (array_.IsNull(row)) return null_bits_;
    const int64_t index = array_.GetValueIndex(row);
    return values_->Bits(index, index + 1);
  }
  /// A decoded null still takes its fixed width or its offset.
  static int64_t NullBits(const arrow::DataType& stored) {
    return arrow::is_fixed_width(stored) ? stored.bit_width() : TrailingOffsetBits(stored);
  }

  arrow::DictionaryArray array_;
  int64_t null_bits_;
  NodePtr values_;
};

NodePtr MakeNode(const ArrayData& data, const arrow::DataType& type, bool nullable) {
  switch (type.id()) {
    case arrow::Type::NA:
      return std::make_unique<FixedNode>(data, nullable, 0);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return std::make_unique<BinaryNode<int32_t>>(data, nullable);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return std::make_unique<BinaryNode<int64_t>>(data, nullable);
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return std::make_unique<ViewNode>(data, nullable);
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return std::make_unique<ListNode<int32_t>>(data, nullable, *type.field(0));
    case arrow::Type::LARGE_LIST:
      return std::make_unique<ListNode<int64_t>>(data, nullable, *type.field(0));
    case arrow::Type::LIST_VIEW:
      return std::make_unique<ListViewNode<int32_t>>(data, nullable, *type.field(0));
    case arrow::Type::LARGE_LIST_VIEW:
      return std::make_unique<ListViewNode<int64_t>>(data, nullable, *type.field(0));
    case arrow::Type::FIXED_SIZE_LIST:
      return std::make_unique<FixedSizeListNode>(
          data, nullable, checked_cast<const arrow::FixedSizeListType&>(type));
    case arrow::Type::STRUCT:
      return std::make_unique<StructNode>(data, nullable, type);
    case arrow::Type::DICTIONARY:
      return std::make_unique<DictionaryNode>(data, nullable,
                                              checked_cast<const arrow::DictionaryType&>(type));
    case arrow::Type::EXTENSION:
      return MakeNode(data, *checked_cast<const arrow::ExtensionType&>(type).storage_type(),
                      nullable);
    default:
      return std::make_unique<FixedNode>(
          data, nullable, checked_cast<const arrow::FixedWidthType&>(type).bit_width());
  }
}

}  // namespace

int64_t TrailingOffsetBits(const arrow::DataType& stored) {
  int64_t bits = 0;
  switch (stored.id()) {
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
    case arrow::Type::LIST:
    case arrow::Type::MAP:
    case arrow::Type::FIXED_SIZE_LIST:
      bits = 32;
      break;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::LARGE_LIST:
      bits = 64;
      break;
    default:
      break;
  }
  for (const auto& field : stored.fields()) bits += TrailingOffsetBits(*field->type());
  return bits;
}

RowSizer::RowSizer(const std::vector<Column>& columns) {
  for (const auto& column : columns) {
    const bool nullable = column.field->nullable();
    columns_.push_back(
        column.vector_bytes > 0
            ? std::make_unique<FixedNode>(*column.data, nullable, 8 * column.vector_bytes)
            : MakeNode(*column.data, *column.data->type, nullable));
  }
}

RowSizer::~RowSizer() = default;
RowSizer::RowSizer(RowSizer&&) noexcept = default;
RowSizer& RowSizer::operator=(RowSizer&&) noexcept = default;

int64_t RowSizer::Bits(int64_t begin, int64_t end) const {
  int64_t bits = 0;
  for (const auto& column : columns_) bits += column->Bits(begin, end);
  return bits;
}

int64_t RowSizer::ShortestRun(int64_t begin, int64_t end, int64_t bits) const {
  if (begin >= end || Bits(begin, end) < bits) return -1;
  int64_t low = begin + 1;  // The answer lies in [low, high].
  int64_t high = end;
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (Bits(begin, middle) < bits) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace packed
