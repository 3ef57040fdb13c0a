#pragma once

#include <memory>
#include <vector>

#include "borrowed_memory.h"
#include "c_structs.h"

namespace packed::binding {

/// \brief The private half of an ArrowArray that we produce.
///
/// Every array of a tree shares the memory, so that a consumer may move a child out and release
/// it after its parent, as the C Data Interface allows.
class ArrayNode {
 public:
  /// \brief Fill `out` with an array of empty slots; its release callback deletes the node.
  static ArrayNode* Make(std::shared_ptr<BorrowedMemory> memory, size_t buffers, size_t children,
                         ArrowArray* out) {
    auto* node = new ArrayNode(std::move(memory), buffers, children);
    *out = ArrowArray{};
    out->n_buffers = static_cast<int64_t>(buffers);
    out->buffers = node->buffers_.data();
    out->n_children = static_cast<int64_t>(children);
    out->children = node->child_pointers_.data();
    out->private_data = node;
    out->release = Release;
    return node;
  }

  const void** buffer(size_t index) { return &buffers_[index]; }
  ArrowArray* child(size_t index) { return &children_[index]; }

  ArrowArray* AddDictionary(ArrowArray* owner) {
    owner->dictionary = &dictionary_;
    return &dictionary_;
  }

  /// View types end in a buffer with the length of each data buffer.
  std::vector<int64_t>& view_lengths() { return view_lengths_; }

 private:
  ArrayNode(std::shared_ptr<BorrowedMemory> memory, size_t buffers, size_t children)
      : memory_(std::move(memory)), buffers_(buffers), children_(children) {
    for (ArrowArray& child : children_) child_pointers_.push_back(&child);
  }

  static void Release(ArrowArray* array) {
    auto* node = static_cast<ArrayNode*>(array->private_data);
    for (ArrowArray& child : node->children_) ArrowArrayRelease(&child);
    ArrowArrayRelease(&node->dictionary_);
    array->release = nullptr;
    delete node;
  }

  std::shared_ptr<BorrowedMemory> memory_;
  std::vector<const void*> buffers_;
  std::vector<ArrowArray> children_;
  std::vector<ArrowArray*> child_pointers_;
  std::vector<int64_t> view_lengths_;
  ArrowArray dictionary_{};
};

}  // namespace packed::binding
