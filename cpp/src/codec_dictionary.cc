#include "codec_dictionary.h"

#include <zdict.h>

#include <algorithm>
#include <string>
#include <utility>

#include "packed/error.h"
#include "packed/memory.h"

namespace packed {

arrow::Result<const ZSTD_CDict*> CodecDictionary::Digests::ForLevel(int level) {
  const std::lock_guard lock(mutex_);
  auto& encoder = encoders_[level];
  if (encoder == nullptr) encoder.reset(ZSTD_createCDict(bytes.data(), bytes.size(), level));
  if (encoder == nullptr) {
    return MakeError(ErrorCode::kOutOfMemory, "Expected memory for a dictionary of ZSTD");
  }
  return encoder.get();
}

CodecDictionary::CodecDictionary(uint32_t id, std::unique_ptr<Digests> digests)
    : id_(id), digests_(std::move(digests)) {}

CodecDictionary::~CodecDictionary() = default;

arrow::Result<std::shared_ptr<CodecDictionary>> CodecDictionary::Open(ByteView bytes) {
  // 0 without the magic number of trained dictionaries: any bytes could be a raw one, and no frame
  // could say by which it was made.
  const uint32_t id = ZDICT_getDictID(bytes.data(), bytes.size());
  auto digests = std::make_unique<Digests>(bytes);
  if (id != 0) digests->decoder.reset(ZSTD_createDDict(bytes.data(), bytes.size()));
  if (digests->decoder == nullptr) {
    return MakeError(ErrorCode::kFileCorrupted,
                     "Expected a trained dictionary of ZSTD but received " +
                         std::to_string(bytes.size()) + " bytes that are none");
  }
  return std::shared_ptr<CodecDictionary>(new CodecDictionary(id, std::move(digests)));
}

arrow::Result<std::shared_ptr<arrow::Buffer>> CodecDictionary::Train(
    ByteView samples, const std::vector<size_t>& sizes, int64_t dictionary_bytes) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ResizableBuffer> dictionary,
                        arrow::AllocateResizableBuffer(dictionary_bytes, Pool()));
  const size_t bytes =
      ZDICT_trainFromBuffer(dictionary->mutable_data(), dictionary_bytes, samples.data(),
                            sizes.data(), static_cast<unsigned>(sizes.size()));
  if (ZDICT_isError(bytes) != 0) {
    return MakeError(ErrorCode::kInvalidArgument,
                     "Expected samples of some 100 times the " + std::to_string(dictionary_bytes) +
                         " bytes of the dictionary but received " + std::to_string(sizes.size()) +
                         " of " + std::to_string(samples.size()) +
                         " bytes in all: " + ZDICT_getErrorName(bytes));
  }
  ARROW_RETURN_NOT_OK(dictionary->Resize(static_cast<int64_t>(bytes), /*shrink_to_fit=*/true));
  return dictionary;
}

}  // namespace packed
