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

  NamedFile& EndRowGroup(char name) {
    Add(name, 0, 0);
    tasks.back().ends_row_group = true;
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

TEST(WriteOrder, AShortLastPageComesBeforeTheNextRowGroup) {
  std::string said;
  NamedFile vectors(&said), scalars(&said);
  vectors.Add('1', 100, 10).Add('2', 5, 1).EndRowGroup('|').Add('3', 100, 10).Add('4', 100, 10);
  scalars.Add('s', 60, 10).Add('t', 120, 10);
  RunInOrder({scalars.tasks, vectors.tasks}, 2);
  EXPECT_EQ(said, "t12|34s");
}

TEST(WriteOrder, WithinARowGroupTheLongestComesFirst) {
  std::string said;
  NamedFile file(&said);
  file.Add('a', 10, 1).Add('b', 30, 1).EndRowGroup('|').Add('c', 20, 1).Add('d', 40, 1);
  RunInOrder({file.tasks}, 2);
  EXPECT_EQ(said, "ab|dc");
}

}  // namespace
}  // namespace packed
