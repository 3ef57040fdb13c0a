#pragma once

#include <cstdint>

namespace packed {

/// What the memory of a thread is used for: both may be in use at once.
enum class Scratch { kPlainPage, kCompressedPage };

/// \brief `bytes` of memory of the calling thread, valid until it asks for the same use again.
///
/// Pages are made by the thousand: memory that stays in the thread's cache, and that the system
/// need not clear every time, is a tenth of the time of compressing one. What an ordinary page
/// needs is kept until the thread ends; null where more is asked for.
uint8_t* ScratchMemory(Scratch use, int64_t bytes);

}  // namespace packed
