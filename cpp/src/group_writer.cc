#include "group_writer.h"

#include <cstdlib>
#include <string_view>

#include "page_group_writer.h"
#include "stock_group_writer.h"

namespace packed {
namespace {

/// The environment may turn the own writer off, for a process that wants to compare.
bool WantsOwnPages(const WriterOptions& options) {
  const char* const text = std::getenv("ARROW_PACKED_PAGE_WRITER");
  return options.own_pages && (text == nullptr || std::string_view(text) != "0");
}

}  // namespace

arrow::Result<std::unique_ptr<GroupWriter>> GroupWriter::Open(const GroupPlan& plan,
                                                              const WriterOptions& options,
                                                              FileStore& store,
                                                              WriterCounters* counters) {
  // What encrypts pages is not public in Parquet.
  if (options.encryption || !WantsOwnPages(options)) {
    return StockGroupWriter::Open(plan, options, store, counters);
  }
  return PageGroupWriter::Open(plan, options, store, counters);
}

}  // namespace packed
