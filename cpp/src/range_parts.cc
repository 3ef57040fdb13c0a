#include "range_parts.h"

#include <algorithm>
#include <cstring>

#include "packed/memory.h"

namespace packed {
namespace {

int64_t BytesHere(const RangePart& part) {
  return std::clamp<int64_t>(part.content->size() - part.skip, 0, part.bytes);
}

}  // namespace

int64_t CopyParts(const RangeParts& parts, uint8_t* out) {
  int64_t filled = 0;
  for (const RangePart& part : parts) {
    const int64_t here = BytesHere(part);
    if (here > 0) std::memcpy(out + filled, part.content->data() + part.skip, here);
    filled += here;
    if (here < part.bytes) break;
  }
  return filled;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> JoinParts(const RangeParts& parts) {
  if (parts.size() == 1) {
    const RangePart& part = parts.front();
    const int64_t here = BytesHere(part);
    return arrow::SliceBuffer(part.content, here > 0 ? part.skip : 0, here);
  }
  int64_t bytes = 0;
  for (const RangePart& part : parts) bytes += part.bytes;
  ARROW_ASSIGN_OR_RAISE(auto whole, arrow::AllocateResizableBuffer(bytes, Pool()));
  ARROW_RETURN_NOT_OK(whole->Resize(CopyParts(parts, whole->mutable_data())));
  return whole;
}

}  // namespace packed
