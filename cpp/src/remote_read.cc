#include "remote_read.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <utility>

#include "arrow/util/key_value_metadata.h"

#include "packed/error.h"
#include "packed/memory.h"
#include "remote_error.h"

namespace packed {
namespace {

/// Room for the words of an error: the S3 client reads them into the memory of the answer, and
/// loses them where they are longer.
constexpr int64_t kErrorRoomBytes = 16 << 10;

/// An error is parsed up to the end of the memory it was read into: after its words there have to
/// be zeros, not what the memory held before.
void ClearForWords(uint8_t* memory, int64_t bytes) {
  std::memset(memory, 0, static_cast<size_t>(std::min(bytes, kErrorRoomBytes)));
}

/// Bytes that no reader expects. What is still there after a read was not read: Arrow's S3 client
/// says that it filled the memory even where the object ended before.
uint64_t Untouched() {
  static const uint64_t mark = [] {
    std::random_device random;
    return (uint64_t{random()} << 32) | random() | 1;
  }();
  return mark;
}

/// The answer to HEAD has no words, and short reads have no room for them. A read with room has.
arrow::Status InWords(RemoteFilesystem& filesystem, const std::string& key, int64_t position,
                      const arrow::Status& status) {
  if (filesystem.address().kind != RemoteKind::kS3) return status;
  auto file = OpenSized(filesystem, key, position + kErrorRoomBytes);
  if (!file.ok()) return status;
  auto room = arrow::AllocateBuffer(kErrorRoomBytes, Pool());
  if (!room.ok()) return status;
  ClearForWords((*room)->mutable_data(), kErrorRoomBytes);
  const auto read = (*file)->ReadAt(position, kErrorRoomBytes, (*room)->mutable_data());
  return read.ok() ? status : read.status();
}

bool LacksWords(const arrow::Status& status) {
  const std::string& text = status.message();
  return text.find("No response body") != std::string::npos ||
         text.find("flush response stream") != std::string::npos ||
         text.find("Path does not exist") != std::string::npos;
}

std::string VersionOf(const std::shared_ptr<const arrow::KeyValueMetadata>& metadata) {
  std::string version;
  if (metadata == nullptr) return version;
  for (const char* name : {"ETag", "Etag", "etag", "Last-Modified", "updated", "generation"}) {
    const auto value = metadata->Get(name);
    if (value.ok()) version += "/" + *value;
  }
  return version;
}

}  // namespace

arrow::Result<std::shared_ptr<RemoteState>> ReadState(RemoteFilesystem& filesystem,
                                                      const std::string& key) {
  ARROW_ASSIGN_OR_RAISE(const auto client, filesystem.ForReads());
  auto opened = client->OpenInputFile(filesystem.ArrowPath(key));
  if (!opened.ok()) {
    if (!LacksWords(opened.status())) return opened.status();
    return InWords(filesystem, key, 0, opened.status());
  }
  auto state = std::make_shared<RemoteState>();
  state->file = *std::move(opened);
  ARROW_ASSIGN_OR_RAISE(state->size, state->file->GetSize());
  ARROW_ASSIGN_OR_RAISE(const auto metadata, state->file->ReadMetadata());
  state->version = std::to_string(state->size) + VersionOf(metadata);
  return state;
}

arrow::Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenSized(RemoteFilesystem& filesystem,
                                                                      const std::string& key,
                                                                      int64_t size) {
  ARROW_ASSIGN_OR_RAISE(const auto client, filesystem.ForReads());
  arrow::fs::FileInfo info(filesystem.ArrowPath(key), arrow::fs::FileType::File);
  info.set_size(size);
  return client->OpenInputFile(info);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ReadRange(RemoteFilesystem& filesystem,
                                                        const std::string& key,
                                                        arrow::io::RandomAccessFile& file,
                                                        int64_t position, int64_t bytes) {
  ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateResizableBuffer(bytes, Pool()));
  ClearForWords(buffer->mutable_data(), bytes);
  const uint64_t mark = Untouched();
  const auto mark_bytes = static_cast<int64_t>(std::min<uint64_t>(sizeof(mark), bytes));
  uint8_t* end = buffer->mutable_data() + bytes;
  std::memcpy(end - mark_bytes, &mark, mark_bytes);
  const auto read = file.ReadAt(position, bytes, buffer->mutable_data());
  if (!read.ok()) {
    if (!LacksWords(read.status())) return read.status();
    return InWords(filesystem, key, position, read.status());
  }
  const bool untouched =
      mark_bytes == sizeof(mark) && std::memcmp(end - mark_bytes, &mark, mark_bytes) == 0;
  if (*read != bytes || untouched) {
    return MakeError(ErrorCode::kFileChanged, "Expected an object of at least " +
                                                  std::to_string(position + bytes) +
                                                  " bytes but received one that ends before");
  }
  filesystem.channel()->meter->Read(bytes);
  return std::shared_ptr<arrow::Buffer>(std::move(buffer));
}

}  // namespace packed
