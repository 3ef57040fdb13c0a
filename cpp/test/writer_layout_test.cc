#include <algorithm>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "arrow/io/file.h"
#include "arrow/util/compression.h"
#include "arrow/util/key_value_metadata.h"
#include "gtest/gtest.h"
#include "parquet/arrow/reader.h"
#include "parquet/column_page.h"
#include "parquet/column_reader.h"
#include "parquet/file_reader.h"
#include "parquet/page_index.h"
#include "parquet/types.h"

#include "fixture_data.h"
#include "writer_harness.h"

/// Our files against those that Milvus's own writer made of the same rows.
namespace packed::testing {
namespace {

struct PageFacts {
  std::vector<std::string> kinds;
  std::vector<std::string> encodings;
};

PageFacts PagesOf(parquet::ParquetFileReader* file, int row_group, int column) {
  PageFacts facts;
  auto pages = file->RowGroup(row_group)->GetColumnPageReader(column);
  while (auto page = pages->NextPage()) {
    const bool dictionary = page->type() == parquet::PageType::DICTIONARY_PAGE;
    const bool v1 = page->type() == parquet::PageType::DATA_PAGE;
    facts.kinds.push_back(dictionary ? "dictionary" : v1 ? "v1" : "other");
    if (v1) {
      facts.encodings.push_back(
          parquet::EncodingToString(static_cast<const parquet::DataPageV1&>(*page).encoding()));
    }
  }
  return facts;
}

std::set<std::string> EncodingsOf(const parquet::ColumnChunkMetaData& chunk) {
  std::set<std::string> names;
  for (const auto encoding : chunk.encodings()) names.insert(parquet::EncodingToString(encoding));
  return names;
}

std::unique_ptr<parquet::ParquetFileReader> OpenParquet(const std::string& path) {
  return parquet::ParquetFileReader::Open(arrow::io::ReadableFile::Open(path).ValueOrDie());
}

void CompareSchemas(const parquet::FileMetaData& ours, const parquet::FileMetaData& theirs) {
  EXPECT_EQ(ours.schema()->ToString(), theirs.schema()->ToString());
  EXPECT_EQ(ours.version(), theirs.version());
  EXPECT_EQ(ours.num_rows(), theirs.num_rows());
  EXPECT_EQ(ours.schema()->name(), theirs.schema()->name());
  const auto& our_keys = *ours.key_value_metadata();
  const auto& their_keys = *theirs.key_value_metadata();
  EXPECT_EQ(our_keys.keys(), their_keys.keys()) << "names or order of the footer keys";
  for (const char* key : {"group_field_id_list", "storage_version"}) {
    EXPECT_EQ(our_keys.Get(key), their_keys.Get(key));
  }
}

/// Everything but what was decided otherwise: dense vectors are PLAIN here.
void CompareChunk(parquet::ParquetFileReader* our_file, parquet::ParquetFileReader* their_file,
                  int row_group, int column) {
  const auto ours = our_file->metadata()->RowGroup(row_group)->ColumnChunk(column);
  const auto theirs = their_file->metadata()->RowGroup(row_group)->ColumnChunk(column);
  SCOPED_TRACE(ours->path_in_schema()->ToDotString());
  EXPECT_EQ(ours->compression(), theirs->compression());
  EXPECT_EQ(ours->num_values(), theirs->num_values());
  EXPECT_EQ(ours->is_stats_set(), theirs->is_stats_set());
  EXPECT_EQ(ours->statistics() != nullptr, theirs->statistics() != nullptr);
  EXPECT_FALSE(ours->GetColumnIndexLocation().has_value());
  EXPECT_FALSE(ours->GetOffsetIndexLocation().has_value());
  EXPECT_FALSE(ours->bloom_filter_offset().has_value());
  EXPECT_EQ(ours->size_statistics(), nullptr);
  if (ours->is_stats_set() && theirs->is_stats_set()) {
    EXPECT_EQ(ours->statistics()->EncodeMin(), theirs->statistics()->EncodeMin());
    EXPECT_EQ(ours->statistics()->EncodeMax(), theirs->statistics()->EncodeMax());
    EXPECT_EQ(ours->statistics()->null_count(), theirs->statistics()->null_count());
  }
  const auto our_pages = PagesOf(our_file, row_group, column);
  const auto their_pages = PagesOf(their_file, row_group, column);
  if (ours->type() == parquet::Type::FIXED_LEN_BYTE_ARRAY) {
    EXPECT_FALSE(ours->has_dictionary_page());
    EXPECT_EQ(EncodingsOf(*ours), (std::set<std::string>{"PLAIN", "RLE"}));
    EXPECT_EQ(our_pages.kinds, std::vector<std::string>{"v1"});
    EXPECT_EQ(our_pages.encodings, std::vector<std::string>{"PLAIN"});
    return;
  }
  EXPECT_EQ(ours->has_dictionary_page(), theirs->has_dictionary_page());
  EXPECT_EQ(EncodingsOf(*ours), EncodingsOf(*theirs));
  EXPECT_EQ(our_pages.kinds, their_pages.kinds);
  EXPECT_EQ(our_pages.encodings, their_pages.encodings);
}

void CompareFiles(const std::string& our_path, const std::string& their_path) {
  SCOPED_TRACE(their_path);
  auto ours = OpenParquet(our_path);
  auto theirs = OpenParquet(their_path);
  CompareSchemas(*ours->metadata(), *theirs->metadata());
  ASSERT_EQ(ours->metadata()->num_row_groups(), theirs->metadata()->num_row_groups());
  for (int i = 0; i < ours->metadata()->num_row_groups(); ++i) {
    EXPECT_EQ(ours->metadata()->RowGroup(i)->num_rows(),
              theirs->metadata()->RowGroup(i)->num_rows());
    for (int j = 0; j < ours->metadata()->num_columns(); ++j) {
      CompareChunk(ours.get(), theirs.get(), i, j);
    }
  }
  EXPECT_TRUE(ReadBack(our_path).table->Equals(*ReadBack(their_path).table, false));
}

void CompareCase(const FixtureCase& fixture, const std::string& writer,
                 const WriterOptions& options, int64_t batch_rows) {
  const auto fixtures = FixtureDir("WriterLayout " + fixture.name + "." + writer);
  if (!fixtures) return;
  ScratchDir dir;
  arrow::RecordBatchVector batches;
  for (int64_t row = 0; row < fixture.rows; row += batch_rows) {
    batches.push_back(FixtureBatch(fixture, row, std::min(row + batch_rows, fixture.rows)));
  }
  WriteAll(FixtureSchema(fixture), GroupsOf(dir, fixture.groups), batches, options);
  const std::string prefix = *fixtures + "/packed/" + fixture.name + "." + writer + ".cg";
  for (size_t i = 0; i < fixture.groups.size(); ++i) {
    const std::string index = std::to_string(i);
    CompareFiles(dir.File(index), prefix + index + ".parquet");
  }
}

TEST(WriterLayout, MultiGroupIsAsMilvusWritesItToday) {
  CompareCase(MultiGroupCase(), "head", {}, 100);
}

TEST(WriterLayout, MultiGroupIsAsMilvus26WroteItWithCompatibility) {
  WriterOptions options;
  options.compatibility = Compatibility::kMilvus2_6;
  CompareCase(MultiGroupCase(), "v2508", options, 100);
}

TEST(WriterLayout, NullsAreAsMilvusWritesThem) { CompareCase(NullsCase(), "head", {}, 50); }

TEST(WriterLayout, RowGroupsAreCutWhereMilvusCutsThem) {
  CompareCase(RowGroupsCase(), "head", {}, 50);
  CompareCase(RowGroupsCase(), "head", {}, 2000);
}

}  // namespace
}  // namespace packed::testing
