#pragma once

#include <arrow/result.h>

#include <cstdint>
#include <string>
#include <vector>

/// A file and the columns that it gets, or that are wanted of it.
struct DataFile {
  std::string path;
  std::vector<std::string> columns;
};

/// One line of JSON on standard input; see bench/peers/README.md.
struct Job {
  std::string operation;
  std::string data;
  std::string directory;
  std::string variant;
  std::vector<DataFile> files;
  int64_t repetitions = 1;
  int level = 1;
  int threads = 1;

  bool tuned() const { return variant == "tuned"; }

  static arrow::Result<Job> FromLine(const std::string& line);
};
