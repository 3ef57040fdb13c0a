#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "arrow/result.h"

#include "catch.h"
#include "packed/c_api.h"
#include "packed/storage.h"
#include "packed/writer.h"

namespace packed {

/// \brief The status as C callers get it; the message is theirs to free.
CStatus ToCStatus(const arrow::Status& status) noexcept;

/// \brief Run `function` and answer its status, whatever it throws.
template <typename Function>
CStatus Answer(Function&& function) noexcept {
  try {
    return ToCStatus(CatchAll(std::forward<Function>(function)));
  } catch (...) {
    return {PACKED_OUT_OF_MEMORY, nullptr};
  }
}

/// Releases an input structure when the call ends, unless Arrow took its content before.
template <typename Struct>
class Consumed {
 public:
  explicit Consumed(Struct* input) : input_(input) {}
  Consumed(const Consumed&) = delete;
  Consumed& operator=(const Consumed&) = delete;
  ~Consumed() {
    if (input_ != nullptr && input_->release != nullptr) input_->release(input_);
  }

 private:
  Struct* input_;
};

arrow::Status CheckNotNull(const void* pointer, const char* name);
arrow::Status CheckNotNegative(int64_t value, const char* name);

/// \brief Null members take StorageConfig's defaults; a null config is the local disk.
StorageConfig ToStorageConfig(const CStorageConfig* config);

/// \brief What no store takes as the size of a part is 10 MiB.
int64_t ToPartBytes(int64_t bytes);

/// \brief Null and zero members take the layout's defaults, null options those of layout milvus.
arrow::Result<WriterOptions> ToWriterOptions(const CWriterOptions* options);

/// \brief Copy paths; in front of keys of an object store the name of the bucket may stand.
arrow::Result<std::vector<std::string>> ToPaths(const char* const* paths, int64_t num_paths,
                                                const StorageConfig& storage);

/// \brief One group per path.
arrow::Result<std::vector<ColumnGroup>> ToColumnGroups(const CColumnGroups& groups,
                                                       std::vector<std::string> paths);

}  // namespace packed
