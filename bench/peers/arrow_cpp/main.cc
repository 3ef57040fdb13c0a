// The peer arrow-cpp: libparquet of the Arrow that the addon uses, from C++. `plain` is what
// pyarrow does without Python; `tuned` stores vectors that do not compress, as the layout
// `milvus` does, and has a thread per file.
#include <arrow/util/config.h>

#include <cstdio>
#include <iostream>
#include <string>

#include "operations.h"
#include "usage.h"

namespace {

void Answer(const Usage& usage, double seconds, double cpu, int64_t rows) {
  std::printf("{\"seconds\":%.9f,\"cpu\":%.6f,\"rssBase\":%lld,\"rssPeak\":%lld,\"rows\":%lld}\n",
              seconds, cpu, static_cast<long long>(usage.rss_base()),
              static_cast<long long>(usage.rss_peak()), static_cast<long long>(rows));
  std::fflush(stdout);
}

arrow::Status Repeat(const Job& job, const Tables& loaded) {
  if (job.operation == "write") {
    for (const auto& file : job.files) std::remove(file.path.c_str());
  }
  const Usage usage;
  Tables read;
  if (job.operation == "write") {
    ARROW_RETURN_NOT_OK(Write(job, loaded));
  } else if (job.operation == "first-batch") {
    ARROW_ASSIGN_OR_RAISE(read, FirstBatch(job));
  } else {
    ARROW_ASSIGN_OR_RAISE(read, Read(job));
  }
  const double seconds = usage.seconds();
  Answer(usage, seconds, usage.cpu(), (read.empty() ? loaded : read)[0]->num_rows());
  return arrow::Status::OK();
}

arrow::Status Run() {
  std::string line;
  std::getline(std::cin, line);
  ARROW_ASSIGN_OR_RAISE(auto job, Job::FromLine(line));
  if (job.operation == "limits") return PrintLimits(job);
  if (job.operation == "take") {
    std::puts("{\"unsupported\":\"libparquet has no take\"}");
    return arrow::Status::OK();
  }
  Tables loaded;
  if (job.operation == "write") {
    ARROW_ASSIGN_OR_RAISE(loaded, Load(job));
  }
  std::printf("{\"ready\":{\"arrow-cpp\":\"%s\"}}\n", ARROW_VERSION_STRING);
  for (int64_t i = 0; i < job.repetitions; ++i) ARROW_RETURN_NOT_OK(Repeat(job, loaded));
  return arrow::Status::OK();
}

}  // namespace

int main() {
  const auto status = Run();
  if (!status.ok()) std::fprintf(stderr, "%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
