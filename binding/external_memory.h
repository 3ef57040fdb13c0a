#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "arrow/buffer.h"
#include "arrow/result.h"

#include "environment.h"
#include "handles.h"
#include "napi_setup.h"

namespace packed::binding {

/// Whether an ArrayBuffer counts as lent to JavaScript (reads) or belongs to it (`allocate`).
enum class Counted { kNo, kYes };

/// \brief Native memory behind one ArrayBuffer. JS thread only.
///
/// Freed by Release (which detaches the ArrayBuffer first) or by the ArrayBuffer's finalizer,
/// whichever comes first; the other finds nothing left to do.
class ExternalMemory {
 public:
  /// \brief Wrap `bytes` bytes at `data`, which `owner` keeps, as an ArrayBuffer.
  ///
  /// `credit` is the least one of the environment, see LendingCredit; 0 = the engine is to count
  /// these bytes.
  /// Null where the engine forbids external buffers; then the caller copies, now and always.
  static std::shared_ptr<ExternalMemory> Wrap(Environment& environment,
                                              std::shared_ptr<arrow::Buffer> owner,
                                              const uint8_t* data, int64_t bytes, Counted counted,
                                              Napi::ArrayBuffer* array_buffer, int64_t credit = 0);
  /// \brief A view of `bytes` at `data`, a part of a mapped file, through an ArrayBuffer over that
  /// window of the file. Empty where the engine forbids it.
  ///
  /// A window is the file or, of one that is longer than 32 MiB, as many from the part on, or that
  /// part: for a single ArrayBuffer of over 64 MiB the engine marks its whole heap, whatever credit
  /// it was given. It is made again when nothing in JavaScript holds it any more.
  /// It counts as nothing lent, and no release of a batch detaches it: batches share it.
  static Napi::Value ViewMapping(Environment& environment,
                                 const std::shared_ptr<arrow::Buffer>& mapping, const uint8_t* data,
                                 int64_t bytes, int64_t credit);
  ExternalMemory(const ExternalMemory&) = delete;
  ExternalMemory& operator=(const ExternalMemory&) = delete;

  /// \brief Detach the ArrayBuffer and free the memory now. Idempotent.
  ///
  /// Memory that JavaScript moved into another ArrayBuffer (`transfer()`), or whose ArrayBuffer
  /// is garbage, is left to the finalizer: somebody may still look at it.
  void Release();

 private:
  ExternalMemory(Environment& environment, std::shared_ptr<arrow::Buffer> owner,
                 const uint8_t* data, int64_t bytes, Counted counted);
  Napi::ArrayBuffer Attached() const;
  bool Covers(const uint8_t* data, int64_t bytes) const {
    return data >= data_ && data + bytes <= data_ + bytes_;
  }
  static void Finalize(napi_env env, void* data, void* hint);
  void Drop();

  const std::shared_ptr<Environment> environment_;
  std::shared_ptr<arrow::Buffer> owner_;
  const uint8_t* const data_;
  const int64_t bytes_;
  const int64_t counted_bytes_;
  const ExternalRegistry::Entries::iterator entry_;  ///< valid while there is an owner
  int64_t covered_bytes_ = 0;                        ///< by the credit of the environment
  napi_ref array_buffer_ = nullptr;                  ///< weak
};

/// The ArrayBuffers of one batch that was read; what a BatchHandle stands for.
struct LentBatch {
  std::vector<std::shared_ptr<ExternalMemory>> buffers;
};

template <>
struct HandleKind<LentBatch> {
  static constexpr const char* kName = "batch";
  static constexpr napi_type_tag kTag{0x5d1f0c6be2a94b10, 0x9a3d7e55c1f04821};
};

}  // namespace packed::binding
