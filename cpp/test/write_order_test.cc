#include "write_order.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace packed {
namespace {

using arrow::Status;

/// Tasks of one file that say their name when they run.
struct NamedFile {
  explicit NamedFile(std::string* said) : said(said) {}

  NamedFile& Add(char name, int64_t cost, int64_t output_bytes) {
    tasks.push_back({cost, output_bytes, [said = said, name] {
                       said->push_back(name);
                       return Status::OK();
                     }});
    return *this;
  }

  std::string* said;
  WriteTasks tasks;
};

void RunInOrder(std::vector<WriteTasks> files, int threads) {
  for (const auto& task : InOrderOfUrgency(std::move(files), threads)) {
    EXPECT_TRUE(task.run().ok());
  }
}

TEST(WriteOrder, LongestFirstWhereEncodingIsTheWork) {
  std::string said;
  NamedFile one(&said), other(&said);
  one.Add('a', 100, 10).Add('b', 300, 10);
  other.Add('c', 200, 10);
  RunInOrder({one.tasks, other.tasks}, 2);
  EXPECT_EQ(said, "bca");
}

TEST(WriteOrder, AFileThatTakesLongestToWriteGoesFirstInItsOwnOrder) {
  std::string said;
  NamedFile vectors(&said), scalars(&said);
  vectors.Add('1', 100, 100).Add('2', 100, 100).Add('3', 100, 100);
  scalars.Add('s', 600, 10).Add('t', 50, 10);
  RunInOrder({scalars.tasks, vectors.tasks}, 2);
  EXPECT_EQ(said, "12s3t");
}

}  // namespace
}  // namespace packed
