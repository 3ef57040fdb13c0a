#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/result.h"

#include "filter_bind.h"
#include "packed/filter.h"
#include "packed/reader.h"
#include "projection.h"
#include "read_lane.h"

namespace packed {

/// The files of a reader, and which of their rows are read.
struct OpenedLanes {
  /// Behind the answer come the columns of the filter, then key and timestamp of `visible`.
  Projection projection;
  std::vector<FileInfo> files;
  std::vector<LaneFiles> lanes;
  int64_t rows = 0;         ///< of every file
  int64_t wanted_rows = 0;  ///< of the lanes: the filter may want them
  std::optional<BoundFilter> filter;
  int filter_columns = 0;
  std::shared_ptr<FilterMeter> meter;
};

/// \brief Read every footer, decide what is read from where, and leave out the rows that the
/// filter cannot want.
arrow::Result<OpenedLanes> OpenLanes(const std::vector<std::string>& paths,
                                     const ReaderOptions& options,
                                     const std::shared_ptr<FileStore>& store);
arrow::Result<OpenedLanes> OpenLanes(std::vector<FileGroup> groups, const ReaderOptions& options,
                                     const std::shared_ptr<FileStore>& store);

}  // namespace packed
