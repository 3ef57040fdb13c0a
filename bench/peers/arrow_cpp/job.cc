#include "job.h"

#include <arrow/api.h>
#include <arrow/io/memory.h>
#include <arrow/json/api.h>

namespace {

arrow::Result<std::shared_ptr<arrow::Scalar>> Value(const arrow::Table& row, const char* key) {
  auto column = row.GetColumnByName(key);
  if (column == nullptr) return arrow::Status::Invalid("Expected a job with ", key);
  return column->GetScalar(0);
}

arrow::Result<std::string> Text(const arrow::Table& row, const char* key) {
  ARROW_ASSIGN_OR_RAISE(auto scalar, Value(row, key));
  return scalar->ToString();
}

arrow::Result<int64_t> Number(const arrow::Table& row, const char* key) {
  ARROW_ASSIGN_OR_RAISE(auto scalar, Value(row, key));
  return static_cast<const arrow::Int64Scalar&>(*scalar).value;
}

arrow::Result<std::vector<DataFile>> Files(const arrow::Table& row) {
  ARROW_ASSIGN_OR_RAISE(auto scalar, Value(row, "files"));
  const auto& entries =
      static_cast<const arrow::StructArray&>(*static_cast<const arrow::ListScalar&>(*scalar).value);
  const auto& paths = static_cast<const arrow::StringArray&>(*entries.GetFieldByName("path"));
  const auto& columns = static_cast<const arrow::ListArray&>(*entries.GetFieldByName("columns"));
  std::vector<DataFile> files;
  for (int64_t i = 0; i < entries.length(); ++i) {
    DataFile& file = files.emplace_back(DataFile{paths.GetString(i), {}});
    auto names = columns.value_slice(i);
    for (int64_t j = 0; j < names->length(); ++j) {
      file.columns.push_back(static_cast<const arrow::StringArray&>(*names).GetString(j));
    }
  }
  return files;
}

}  // namespace

arrow::Result<Job> Job::FromLine(const std::string& line) {
  // Arrow reads JSON lines as a table: no other parser is needed.
  auto input = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(line));
  auto options = arrow::json::ReadOptions::Defaults();
  options.use_threads = false;
  options.block_size = static_cast<int32_t>(line.size()) + 1;
  ARROW_ASSIGN_OR_RAISE(
      auto reader, arrow::json::TableReader::Make(arrow::default_memory_pool(), std::move(input),
                                                  options, arrow::json::ParseOptions::Defaults()));
  ARROW_ASSIGN_OR_RAISE(auto row, reader->Read());
  Job job;
  ARROW_ASSIGN_OR_RAISE(job.operation, Text(*row, "operation"));
  ARROW_ASSIGN_OR_RAISE(job.data, Text(*row, "data"));
  ARROW_ASSIGN_OR_RAISE(job.directory, Text(*row, "directory"));
  ARROW_ASSIGN_OR_RAISE(job.variant, Text(*row, "variant"));
  ARROW_ASSIGN_OR_RAISE(job.files, Files(*row));
  ARROW_ASSIGN_OR_RAISE(job.repetitions, Number(*row, "repetitions"));
  ARROW_ASSIGN_OR_RAISE(int64_t level, Number(*row, "level"));
  ARROW_ASSIGN_OR_RAISE(int64_t threads, Number(*row, "threads"));
  job.level = static_cast<int>(level);
  job.threads = static_cast<int>(threads);
  return job;
}
