#include "lend_batch.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "arrow/util/bit_util.h"

#include "buffer_placer.h"
#include "external_memory.h"
#include "gather_small.h"
#include "packed/mapping.h"
#include "packed/memory.h"
#include "share_blocks.h"
#include "values.h"

namespace packed::binding {
namespace {

class Lender {
 public:
  Lender(Environment& environment, const OutgoingBatch& batch)
      : environment_(environment),
        env_(environment.env()),
        batch_(batch),
        blocks_(batch.blocks.size()) {}

  Napi::Value Lend(const ReadPolicy& policy) {
    const bool full = environment_.lent_bytes.load() >= policy.max_outstanding_bytes;
    const bool copy = policy.copy || full;
    credit_bytes_ = policy.credit_bytes;
    Napi::Array views = Napi::Array::New(env_, batch_.buffers.size());
    for (uint32_t i = 0; i < batch_.buffers.size(); ++i) {
      const OutgoingBuffer& buffer = batch_.buffers[i];
      if (!copy && LendFromBlock(buffer, policy.credit_bytes, views, i)) continue;
      const bool lend = buffer.size >= kLendBytes;
      if (lend && !policy.copy && LendMapped(buffer, views, i)) continue;
      if (lend && !copy && LendBuffer(buffer, policy.credit_bytes, views, i)) continue;
      if (buffer.data == nullptr) {
        views.Set(i, env_.Null());
      } else {
        packed_.push_back(i);
        packed_bytes_ += arrow::bit_util::RoundUpToMultipleOf64(buffer.size);
      }
    }
    return MakeBatch(views, PackRest(views));
  }

 private:
  /// A part of a mapped file: a view of the ArrayBuffer over its surroundings, which takes no
  /// memory.
  bool LendMapped(const OutgoingBuffer& buffer, Napi::Array views, uint32_t index) {
    const Napi::HandleScope scope(env_);
    const auto mapping = MappingOf(buffer.owner);
    if (mapping == nullptr) return false;
    const Napi::Value view =
        ExternalMemory::ViewMapping(environment_, mapping, buffer.data, buffer.size, credit_bytes_);
    if (view.IsEmpty()) return false;
    views.Set(index, view);
    mapped_bytes_ += buffer.size;
    return true;
  }

  bool LendBuffer(const OutgoingBuffer& buffer, int64_t credit, Napi::Array views, uint32_t index) {
    const Napi::HandleScope scope(env_);
    Napi::ArrayBuffer array_buffer;
    auto memory = ExternalMemory::Wrap(environment_, buffer.owner, buffer.data, buffer.size,
                                       Counted::kYes, &array_buffer, credit);
    if (memory == nullptr) return false;
    views.Set(index,
              Napi::Uint8Array::New(env_, static_cast<size_t>(buffer.size), array_buffer, 0));
    NoteLent(std::move(memory), buffer.size);
    return true;
  }

  /// A part of a block, which is lent as a whole.
  bool LendFromBlock(const OutgoingBuffer& buffer, int64_t credit, Napi::Array views,
                     uint32_t index) {
    if (buffer.block < 0) return false;
    const auto& block = batch_.blocks[buffer.block];
    Napi::ArrayBuffer& lent = blocks_[buffer.block];
    if (lent.IsEmpty()) {
      auto memory = ExternalMemory::Wrap(environment_, block, block->data(), block->size(),
                                         Counted::kYes, &lent, credit);
      if (memory == nullptr) return false;
      NoteLent(std::move(memory), block->size());
    }
    const Napi::HandleScope scope(env_);
    const auto offset = static_cast<size_t>(buffer.data - block->data());
    views.Set(index, Napi::Uint8Array::New(env_, static_cast<size_t>(buffer.size), lent, offset));
    return true;
  }

  void NoteLent(std::shared_ptr<ExternalMemory> memory, int64_t bytes) {
    lent_->buffers.push_back(std::move(memory));
    lent_bytes_ += bytes;
  }

  /// One ArrayBuffer for all small buffers and, behind them, the nodes, which are the result:
  /// making one costs as much as copying kilobytes.
  Napi::Value PackRest(Napi::Array views) {
    const size_t node_bytes = batch_.nodes.size() * sizeof(double);
    Napi::ArrayBuffer arena = NewArena(packed_bytes_ + static_cast<int64_t>(node_bytes));
    if (arena.IsEmpty()) return {};
    auto* const memory = static_cast<uint8_t*>(arena.Data());
    size_t offset = 0;
    for (const uint32_t index : packed_) {
      const Napi::HandleScope scope(env_);
      const OutgoingBuffer& buffer = batch_.buffers[index];
      const auto size = static_cast<size_t>(buffer.size);
      std::memcpy(memory + offset, buffer.data, size);
      views.Set(index, Napi::Uint8Array::New(env_, size, arena, offset));
      offset += static_cast<size_t>(arrow::bit_util::RoundUpToMultipleOf64(buffer.size));
    }
    if (node_bytes > 0) std::memcpy(memory + offset, batch_.nodes.data(), node_bytes);
    return Napi::Float64Array::New(env_, batch_.nodes.size(), arena, offset);
  }

  /// Beside memory that is lent not the engine's, unless it shall collect, see LendingCredit.
  Napi::ArrayBuffer NewArena(int64_t bytes) {
    if (environment_.credit().Quiet(lent_bytes_ + mapped_bytes_, credit_bytes_)) {
      arrow::Result<std::shared_ptr<arrow::Buffer>> own = arrow::AllocateBuffer(bytes, Pool());
      Napi::ArrayBuffer arena;
      if (own.ok() && ExternalMemory::Wrap(environment_, *own, (*own)->data(), bytes, Counted::kNo,
                                           &arena) != nullptr) {
        return arena;
      }
    }
    return Napi::ArrayBuffer::New(env_, static_cast<size_t>(bytes));
  }

  Napi::Value MakeBatch(Napi::Array views, Napi::Value nodes) {
    if (nodes.IsEmpty()) return nodes;
    Napi::Object batch = Napi::Object::New(env_);
    batch.Set("rows", static_cast<double>(batch_.rows));
    batch.Set("nodes", nodes);
    batch.Set("buffers", views);
    batch.Set("owner", MakeHandle(env_, lent_));
    batch.Set("lentBytes", static_cast<double>(lent_bytes_));
    return batch;
  }

  Environment& environment_;
  const Napi::Env env_;
  const OutgoingBatch& batch_;
  const std::shared_ptr<LentBatch> lent_ = std::make_shared<LentBatch>();
  int64_t lent_bytes_ = 0;
  int64_t mapped_bytes_ = 0;
  int64_t credit_bytes_ = 0;
  std::vector<Napi::ArrayBuffer> blocks_;  ///< over the batch's, once a part of one is lent
  std::vector<uint32_t> packed_;
  int64_t packed_bytes_ = 0;
};

}  // namespace

arrow::Result<ReadPolicy> ReadReadPolicy(Napi::Value value) {
  ARROW_ASSIGN_OR_RAISE(Napi::Object object, Read<Napi::Object>(value, "policy"));
  ReadPolicy policy;
  ARROW_ASSIGN_OR_RAISE(policy.copy, ReadMember<bool>(object, "copy"));
  ARROW_ASSIGN_OR_RAISE(policy.max_outstanding_bytes,
                        ReadMember<int64_t>(object, "maxOutstandingBytes"));
  ARROW_ASSIGN_OR_RAISE(policy.credit_bytes, ReadMember<int64_t>(object, "creditBytes"));
  return policy;
}

arrow::Result<Napi::Value> LendBatch(Environment& environment, const OutgoingBatch& batch,
                                     const ReadPolicy& policy) {
  return Lender(environment, batch).Lend(policy);
}

arrow::Result<std::optional<OutgoingBatch>> LayOutNext(
    const std::shared_ptr<arrow::RecordBatch>& batch) {
  if (batch == nullptr) return std::optional<OutgoingBatch>();
  ARROW_ASSIGN_OR_RAISE(OutgoingBatch outgoing, LayOutBatch(*batch));
  ShareBlocks(&outgoing);
  ARROW_RETURN_NOT_OK(GatherSmall(&outgoing));
  return std::optional<OutgoingBatch>(std::move(outgoing));
}

arrow::Result<Napi::Value> LendNext::operator()(Environment& environment,
                                                std::optional<OutgoingBatch> batch) const {
  if (!batch.has_value()) return environment.env().Null();
  return LendBatch(environment, *batch, policy);
}

}  // namespace packed::binding
