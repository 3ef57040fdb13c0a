#include "chunk_bytes.h"

#include <cstring>
#include <utility>

#include "packed/memory.h"

namespace packed {

arrow::Status ChunkBytes::CheckRange(int64_t offset, int64_t size) const {
  if (offset >= 0 && size >= 0 && offset <= file_.size() && size <= file_.size() - offset) {
    return arrow::Status::OK();
  }
  return arrow::Status::IOError("Expected pages within the ", file_.size(),
                                " bytes of the file but received ", size, " bytes at ", offset);
}

arrow::Status ChunkBytes::Load(int64_t offset, int64_t size) {
  ARROW_RETURN_NOT_OK(CheckRange(offset, size));
  if (mapping_) return arrow::Status::OK();
  loaded_.reset();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> loaded, arrow::AllocateBuffer(size, Pool()));
  ARROW_RETURN_NOT_OK(Read(offset, size, loaded->mutable_data()));
  loaded_ = std::move(loaded);
  loaded_offset_ = offset;
  return arrow::Status::OK();
}

const uint8_t* ChunkBytes::View(int64_t offset, int64_t size) const {
  if (mapping_) return CheckRange(offset, size).ok() ? mapping_->data() + offset : nullptr;
  if (!loaded_ || offset < loaded_offset_) return nullptr;
  const int64_t first = offset - loaded_offset_;
  const bool within = first <= loaded_->size() && size <= loaded_->size() - first;
  return within ? loaded_->data() + first : nullptr;
}

arrow::Result<std::span<const uint8_t>> ChunkBytes::Get(int64_t offset, int64_t size) {
  ARROW_RETURN_NOT_OK(CheckRange(offset, size));
  if (const uint8_t* view = View(offset, size)) {
    return std::span<const uint8_t>(view, static_cast<size_t>(size));
  }
  if (!scratch_ || scratch_->size() < size) {
    scratch_.reset();
    ARROW_ASSIGN_OR_RAISE(scratch_, arrow::AllocateBuffer(size, Pool()));
  }
  ARROW_RETURN_NOT_OK(Read(offset, size, scratch_->mutable_data()));
  return std::span<const uint8_t>(scratch_->data(), static_cast<size_t>(size));
}

arrow::Result<bool> ChunkBytes::ReadRaw(int64_t offset, int64_t frame_bytes, int64_t content_bytes,
                                        uint8_t* out) const {
  ARROW_RETURN_NOT_OK(CheckRange(offset, frame_bytes));
  if (View(offset, frame_bytes) != nullptr) return false;
  return ReadRawFrame(file_, offset, frame_bytes, content_bytes, out);
}

ReadBytes ChunkBytes::Reading() const {
  return [this](int64_t offset, int64_t size, uint8_t* out) { return Read(offset, size, out); };
}

arrow::Result<bool> ChunkBytes::IsRaw(int64_t offset, int64_t frame_bytes,
                                      int64_t content_bytes) const {
  return IsRawFrame(Reading(), offset, frame_bytes, content_bytes);
}

arrow::Status ChunkBytes::ReadRawPart(int64_t offset, int64_t first, int64_t size,
                                      uint8_t* out) const {
  return packed::ReadRawPart(Reading(), offset, first, size, out);
}

arrow::Status ChunkBytes::Read(int64_t offset, int64_t size, uint8_t* out) const {
  ARROW_RETURN_NOT_OK(CheckRange(offset, size));
  if (size == 0) return arrow::Status::OK();
  if (const uint8_t* view = View(offset, size)) {
    std::memcpy(out, view, static_cast<size_t>(size));
    return arrow::Status::OK();
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t read, file_.file()->ReadAt(offset, size, out));
  if (read == size) return arrow::Status::OK();
  return arrow::Status::IOError("Expected ", size, " bytes at ", offset, " but received ", read);
}

}  // namespace packed
