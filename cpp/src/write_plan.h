#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "arrow/result.h"
#include "arrow/type.h"

#include "packed/format.h"
#include "packed/writer.h"

namespace packed {

/// One column of one file, every choice made.
struct ColumnPlan {
  int index = 0;  ///< position in the writer's schema
  std::shared_ptr<arrow::Field> declared;
  std::shared_ptr<arrow::Field> stored;  ///< as the file has it; metadata is the field id alone
  bool dense_vector = false;
  Codec codec;
  ColumnEncoding encoding = ColumnEncoding::kDictionary;  ///< unless a sample chooses

  /// Encoded page by page, by page_rows rows or, where these are 0, by page_bytes; else a column
  /// chunk at a time, by Arrow's writer.
  bool own_pages = false;
  int64_t page_rows = 0;
  int64_t page_bytes = 0;
  int64_t page_alignment = 1;       ///< of page bodies in the file
  bool sampled = false;             ///< the first rows of a row group choose its encoding
  int64_t sample_rows = 0;          ///< where it is
  double dictionary_threshold = 0;  ///< of distinct values over all values, for a dictionary
  /// Encodings of which a sample takes the one that comes out smallest; where there are none, it
  /// takes a dictionary where the threshold allows it, else deltas if they are smaller than PLAIN.
  std::vector<ColumnEncoding> choices;
  bool deltas = false;    ///< may be taken
  bool adaptive = false;  ///< incompressible pages are stored (see PageCompression)
  bool tuned = false;     ///< ZSTD looks for repeats as vectors have them (see SearchOf)

  /// Bytes of one dense vector, 0 for other columns.
  int64_t vector_bytes() const;
};

struct GroupPlan {
  int64_t id = 0;
  std::string path;
  std::vector<ColumnPlan> columns;  ///< file order
  int64_t row_group_bytes = 0;      ///< decoded Arrow bytes at which a row group is cut
  int64_t page_bytes = 0;           ///< of pages that Arrow's writer makes; 0 = 1 MiB
  std::vector<std::pair<std::string, std::string>> metadata;  ///< further footer keys

  /// Pages go into the file as they fill: nothing waits for the rest of a row group.
  bool streams() const;

  std::shared_ptr<arrow::Schema> StoredSchema() const;
};

/// \brief What a writer is going to do, with every argument checked.
struct WritePlan {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<GroupPlan> groups;
  GroupFieldIds field_ids;  ///< of every group, in group order
};

/// \brief Check everything that can be checked before a file is made.
///
/// The first fault found is returned, in the order schema, groups, options, types.
arrow::Result<WritePlan> MakeWritePlan(const std::shared_ptr<arrow::Schema>& schema,
                                       const std::vector<ColumnGroup>& groups,
                                       const WriterOptions& options);

}  // namespace packed
