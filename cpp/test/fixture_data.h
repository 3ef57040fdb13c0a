#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrow/record_batch.h"
#include "arrow/type.h"

namespace packed::testing {

/// How the values of a fixture column follow from the row number; see `formulas` in
/// expected.json of the fixtures.
enum class FixtureKind {
  kRowId,
  kTimestamp,
  kInt64,
  kBool,
  kInt8,
  kInt16,
  kInt32,
  kFloat,
  kDouble,
  kVarchar,
  kShortText,
  kPad,
  kJson,
  kFloatVector,
  kConstantVector,
  kBinaryVector,
};

struct FixtureColumn {
  std::string name;
  FixtureKind kind;
  int64_t field_id;
  bool nullable = false;
  int64_t null_mod = 0;  ///< 0 = no nulls
  int64_t null_rem = 0;
  int64_t n = 0;  ///< length of a pad, dimension of a vector
};

/// The rows of one set of fixture files, to be written again.
struct FixtureCase {
  std::string name;  ///< files are <name>.<writer>.cg<group>.parquet
  int64_t rows;
  std::vector<FixtureColumn> columns;
  std::vector<std::vector<int>> groups;  ///< positions in `columns`
};

FixtureCase MultiGroupCase();
FixtureCase NullsCase();
FixtureCase RowGroupsCase();

std::shared_ptr<arrow::Schema> FixtureSchema(const FixtureCase& fixture);
std::shared_ptr<arrow::RecordBatch> FixtureBatch(const FixtureCase& fixture, int64_t begin,
                                                 int64_t end);

/// \brief ARROW_PACKED_FIXTURES, else ../shared/fixtures beside the source tree; nothing (and a
/// printed line that names the test) when neither is there.
std::optional<std::string> FixtureDir(const std::string& test);

}  // namespace packed::testing
