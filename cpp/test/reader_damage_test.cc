// Damaged, foreign and lying files end in data or an error, never in a crash.

#include <filesystem>
#include <random>

#include "fixture_data.h"
#include "reader_support.h"
#include "temp_dir.h"

namespace packed::test {
namespace {

/// Reads whatever can be read, strictly, leniently and as a description.
void ReadEveryWay(const std::string& path) {
  for (const bool lenient : {false, true}) {
    for (const int64_t buffer : {int64_t{1}, int64_t{4 << 20}}) {
      ReaderOptions options;
      options.lenient = lenient;
      options.buffer_bytes = buffer;
      const auto reader = OpenReader({path}, options);
      if (!reader.ok()) {
        EXPECT_NE(DescribeError(reader.status()).code, ErrorCode::kInternal) << reader.status();
        continue;
      }
      int64_t rows = 0;
      while (true) {
        const auto batch = (*reader)->ReadNext();
        if (!batch.ok() || !*batch) break;
        EXPECT_TRUE((*batch)->Validate().ok());
        rows += (*batch)->num_rows();
        ASSERT_LE(rows, (*reader)->num_rows());
      }
    }
  }
  (void)DescribeFile(*LocalStore(), path);
}

using Random = std::mt19937;

size_t Below(Random* random, size_t bound) {
  return std::uniform_int_distribution<size_t>(0, bound - 1)(*random);
}

std::string Mutate(const std::string& original, const std::string& other, Random* random) {
  std::string bytes = original;
  const size_t footer = std::min<size_t>(bytes.size(), 700);
  switch (Below(random, 7)) {
    case 0:
      bytes.resize(Below(random, bytes.size()));
      break;
    case 1:  // one byte anywhere
      bytes[Below(random, bytes.size())] ^= static_cast<char>(1 + Below(random, 255));
      break;
    case 2:  // a few bits of the footer
      for (int i = 0; i < 4; ++i) {
        bytes[bytes.size() - 1 - Below(random, footer)] ^= static_cast<char>(1 << Below(random, 8));
      }
      break;
    case 3:  // another file's tail
      bytes.replace(bytes.size() - footer / 2, footer / 2,
                    other.substr(other.size() - std::min(other.size(), footer)));
      break;
    case 4: {  // a run of zeros or ones
      const size_t start = Below(random, bytes.size());
      const size_t length = std::min<size_t>(bytes.size() - start, 1 + Below(random, 64));
      bytes.replace(start, length, std::string(length, Below(random, 2) ? '\0' : '\xff'));
      break;
    }
    case 5:  // a lying footer length
      bytes[bytes.size() - 8 + Below(random, 4)] = static_cast<char>(Below(random, 256));
      break;
    default: {  // bytes gone from the middle
      const size_t start = Below(random, bytes.size());
      bytes.erase(start, 1 + Below(random, 32));
    }
  }
  return bytes;
}

TEST(ReaderDamage, FiveHundredMutatedFiles) {
  const auto root = testing::FixtureDir("ReaderDamage.FiveHundredMutatedFiles");
  if (!root) GTEST_SKIP() << "no fixtures";
  std::vector<std::string> originals;
  for (const auto& name :
       {"one-row.head.cg0", "one-row.head.cg1", "nulls.head.cg1", "nulls.head.cg2",
        "multi-group.v2508.cg3", "evolution.head.cg0", "empty-strings.head.cg2",
        "zero-rows.head.cg0", "row-groups.head.cg1", "user-metadata.head.cg1"}) {
    originals.push_back(TempDir::Read(*root + "/packed/" + name + ".parquet"));
    ASSERT_FALSE(originals.back().empty()) << name;
  }
  TempDir dir;
  Random random(20261121);
  for (int i = 0; i < 500; ++i) {
    const auto& original = originals[i % originals.size()];
    TempDir::Write(dir / "file",
                   Mutate(original, originals[Below(&random, originals.size())], &random));
    SCOPED_TRACE(i);
    ReadEveryWay(dir / "file");
  }
}

TEST(ReaderDamage, FilesThatAreNoParquet) {
  TempDir dir;
  for (const std::string& bytes :
       {std::string(), std::string("PAR1"), std::string("PAR1PAR1"), std::string(1000, '\0'),
        std::string("not Parquet at all"), std::string("PAR1\xff\xff\xff\x7fPAR1")}) {
    TempDir::Write(dir / "file", bytes);
    const auto status = OpenReader({dir / "file"}).status();
    EXPECT_TRUE(FailsWith(status, ErrorCode::kFileCorrupted)) << bytes.size();
    EXPECT_EQ(DescribeError(status).context.path, dir / "file");
    EXPECT_TRUE(
        FailsWith(DescribeFile(*LocalStore(), dir / "file").status(), ErrorCode::kFileCorrupted));
  }
}

TEST(ReaderDamage, DirectoriesAreErrors) {
  TempDir dir;
  std::filesystem::create_directory(dir / "folder");
  EXPECT_FALSE(OpenReader({dir / "folder"}).ok());
  EXPECT_FALSE(DescribeFile(*LocalStore(), dir / "folder").ok());
}

}  // namespace
}  // namespace packed::test
