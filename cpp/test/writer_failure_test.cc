#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <random>
#include <string>
#include <thread>

#include "arrow/array.h"
#include "arrow/array/builder_binary.h"
#include "gtest/gtest.h"

#include "fixture_data.h"
#include "packed/memory.h"
#include "writer_harness.h"

/// Aborts and full disks: one error, nothing left.
namespace packed::testing {
namespace {

std::shared_ptr<arrow::Schema> NoiseSchema() {
  return arrow::schema({IdField("noise", arrow::binary(), 100, false),
                        IdField("more", arrow::binary(), 101, false)});
}

/// Bytes that no codec makes smaller, 1 KiB a row.
std::shared_ptr<arrow::RecordBatch> Noise(int64_t rows) {
  std::mt19937 random(7);
  arrow::BinaryBuilder builder;
  for (int64_t i = 0; i < rows; ++i) {
    std::string value(1024, '\0');
    for (char& c : value) c = static_cast<char>(random());
    EXPECT_TRUE(builder.Append(value).ok());
  }
  const auto column = builder.Finish().ValueOrDie();
  return BatchOf(NoiseSchema(), {column, column});
}

TEST(WriterFailure, CancelledBeforeOpen) {
  ScratchDir dir;
  WriterOptions options;
  options.cancel.Cancel();
  EXPECT_EQ(
      CodeOf(PackedWriter::Open(NoiseSchema(), GroupsOf(dir, {{0}, {1}}), options, LocalStore())
                 .status()),
      ErrorCode::kAborted);
  EXPECT_TRUE(dir.Entries().empty());
}

TEST(WriterFailure, CancelledBetweenCalls) {
  for (const bool at_finish : {false, true}) {
    ScratchDir dir;
    WriterOptions options;
    auto writer =
        PackedWriter::Open(NoiseSchema(), GroupsOf(dir, {{0}, {1}}), options, LocalStore())
            .ValueOrDie();
    ASSERT_TRUE(writer->Write(Noise(10)).ok());
    options.cancel.Cancel();
    const auto status = at_finish ? writer->Finish().status() : writer->Write(Noise(10));
    EXPECT_EQ(CodeOf(status), ErrorCode::kAborted);
    EXPECT_TRUE(dir.Entries().empty());
    EXPECT_EQ(CodeOf(writer->Finish().status()), ErrorCode::kClosed);
  }
}

TEST(WriterFailure, CancelledFromAnotherThreadWhileWriting) {
  ScratchDir dir;
  WriterOptions options;
  options.row_group_bytes = 4096;
  auto writer = PackedWriter::Open(NoiseSchema(), GroupsOf(dir, {{0}, {1}}), options, LocalStore())
                    .ValueOrDie();
  const auto batch = Noise(20000);
  std::thread canceller([&] {
    while (writer->progress().row_groups < 3) std::this_thread::yield();
    options.cancel.Cancel();
  });
  const auto status = writer->Write(batch);
  canceller.join();
  EXPECT_EQ(CodeOf(status), ErrorCode::kAborted);
  EXPECT_LT(writer->progress().row_groups, 10000);
  EXPECT_TRUE(dir.Entries().empty());
}

/// In a child process, since the limit holds for all of its files: exit code = the error code,
/// plus 100 when something stayed behind.
int WriteWithFileLimit(const ScratchDir& dir, rlim_t limit, bool small_row_groups) {
  ::signal(SIGXFSZ, SIG_IGN);
  const rlimit limits{limit, limit};
  ::setrlimit(RLIMIT_FSIZE, &limits);
  WriterOptions options;
  options.concurrency = 1;  // The threads of the pool did not come along through fork.
  if (small_row_groups) options.row_group_bytes = 1 << 16;
  auto writer = PackedWriter::Open(NoiseSchema(), GroupsOf(dir, {{0}, {1}}), options, LocalStore())
                    .ValueOrDie();
  auto status = writer->Write(Noise(900));
  if (status.ok()) status = writer->Finish().status();
  const auto error = DescribeError(status);
  const bool named = error.context.path.find("packed-test-") != std::string::npos;
  return static_cast<int>(error.code) + (dir.Entries().empty() && named ? 0 : 100);
}

TEST(WriterFailure, FullDiskLeavesNothingAndNamesTheFile) {
  for (const bool small_row_groups : {true, false}) {
    ScratchDir dir;
    const pid_t child = ::fork();
    if (child == 0) ::_exit(WriteWithFileLimit(dir, 300000, small_row_groups));
    int state = 0;
    ASSERT_EQ(::waitpid(child, &state, 0), child);
    ASSERT_TRUE(WIFEXITED(state));
    EXPECT_EQ(WEXITSTATUS(state), static_cast<int>(ErrorCode::kNoSpace));
    EXPECT_TRUE(dir.Entries().empty());
  }
}

TEST(WriterFailure, ValuesThatCannotBeEncodedNameTheFieldAndEndTheWriter) {
  ScratchDir dir;
  const auto schema = arrow::schema({IdField("when", arrow::timestamp(arrow::TimeUnit::SECOND), 1),
                                     IdField("other", arrow::int64(), 2)});
  const int64_t before = Pool()->bytes_allocated();
  auto writer =
      PackedWriter::Open(schema, GroupsOf(dir, {{0}, {1}}), {}, LocalStore()).ValueOrDie();
  ASSERT_TRUE(writer
                  ->Write(BatchOf(schema, {Json(schema->field(0)->type(), "[9223372036854775807]"),
                                           Json(arrow::int64(), "[1]")}))
                  .ok());
  const auto error = DescribeError(writer->Finish().status());
  EXPECT_EQ(error.code, ErrorCode::kInvalidData) << error.message;
  EXPECT_EQ(error.context.field, "when");
  EXPECT_EQ(error.context.path, dir.File("0"));
  EXPECT_TRUE(dir.Entries().empty());
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

}  // namespace
}  // namespace packed::testing
