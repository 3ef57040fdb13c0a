#pragma once

#include <vector>

#include "group_writer.h"

namespace packed {

/// \brief The tasks of several files in one queue, the most urgent ones first.
///
/// Longest first, but where a file takes longer to write than `threads` need for everything: it
/// takes its parts in order and one at a time, so its own come first, in that order. In every file
/// all of a row group comes before what is longest in a later one.
WriteTasks InOrderOfUrgency(std::vector<WriteTasks> files, int threads);

}  // namespace packed
