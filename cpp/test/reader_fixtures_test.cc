// Every real file of the fixtures, at every budget, against the values that its makers noted.

#include <algorithm>

#include "fixture_data.h"
#include "mini_json.h"
#include "reader_support.h"

namespace packed::test {
namespace {

constexpr int64_t kBuffers[] = {16 << 20, 1 << 20, 64 << 10, 1};

class ReaderFixtures : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    const auto root = testing::FixtureDir(std::string("ReaderFixtures.") + info->name());
    if (!root) GTEST_SKIP() << "no fixtures";
    root_ = *root;
    expected_ = Json::Parse(TempDir::Read(root_ + "/packed/expected.json"));
  }

  std::vector<std::string> Paths(const Json& one) const {
    std::vector<std::string> paths;
    for (const auto& file : one["files"].items) {
      paths.push_back(root_ + "/packed/" + file["name"].text);
    }
    return paths;
  }

  /// One version of the loon segment: the file of each column group that has `rows` rows.
  std::vector<std::string> LoonFiles(int64_t rows) const {
    const auto manifest = Json::Parse(TempDir::Read(root_ + "/loon/manifest-2.json"));
    std::vector<std::string> paths;
    for (const auto& group : manifest["manifest"]["column_groups"].items) {
      for (const auto& file : group["files"].items) {
        if (file["end"].integer() != rows) continue;
        paths.push_back(root_ + "/loon/" + file["path"].text);
      }
    }
    return paths;
  }

  static void ExpectColumns(const Json& columns, const arrow::Table& table,
                            const std::string& what) {
    for (const auto& column : columns.items) {
      const auto& name = column["name"].text;
      const auto stored = table.GetColumnByName(name);
      ASSERT_NE(stored, nullptr) << what << " " << name;
      EXPECT_EQ(CanonicalChecksum(*stored), column["sha256"].text) << what << " " << name;
      EXPECT_EQ(stored->null_count(), column["nulls"].integer()) << what << " " << name;
      const auto field = table.schema()->GetFieldByName(name);
      EXPECT_EQ(field->type()->ToString(), column["type"].text) << what << " " << name;
      EXPECT_EQ(field->nullable(), column["nullable"].boolean()) << what << " " << name;
      EXPECT_EQ(field->metadata()->Get("PARQUET:field_id").ValueOr(""), column["field_id"].text);
    }
  }

  std::string root_;
  Json expected_;
};

TEST_F(ReaderFixtures, OwnSchemaAtEveryBudget) {
  for (const auto& [name, one] : expected_["cases"].members) {
    for (const int64_t buffer : kBuffers) {
      for (const bool mmap : {false, true}) {
        ReaderOptions options;
        options.buffer_bytes = buffer;
        options.mmap = mmap;
        const auto table = ReadFiles(Paths(one), options);
        ASSERT_TRUE(table.ok()) << name << " " << table.status();
        const auto what = name + " at " + std::to_string(buffer);
        EXPECT_EQ((*table)->num_rows(), one["rows"].integer()) << what;
        ExpectColumns(one["columns"], **table, what);
      }
    }
  }
}

TEST_F(ReaderFixtures, ReversedPathsGiveTheSameValues) {
  for (const auto& [name, one] : expected_["cases"].members) {
    for (const int64_t buffer : kBuffers) {
      ReaderOptions options;
      options.buffer_bytes = buffer;
      auto paths = Paths(one);
      std::reverse(paths.begin(), paths.end());
      const auto table = ReadFiles(paths, options);
      ASSERT_TRUE(table.ok()) << name << " " << table.status();
      ExpectColumns(one["columns"], **table, name + " reversed");
    }
  }
}

TEST_F(ReaderFixtures, EveryColumnAloneAndInPairsBackwards) {
  const Json& one = expected_["cases"]["row-groups.head"];
  const auto& columns = one["columns"].items;
  for (size_t i = 0; i < columns.size(); ++i) {
    for (size_t j = 0; j < columns.size(); ++j) {
      ReaderOptions options;
      options.buffer_bytes = 1;
      options.columns.emplace();
      options.columns->push_back(columns[i]["field_id"].integer());
      if (j != i) options.columns->push_back(columns[j]["name"].text);
      const auto table = ReadFiles(Paths(one), options);
      ASSERT_TRUE(table.ok()) << table.status();
      ASSERT_EQ((*table)->num_columns(), i == j ? 1 : 2);
      EXPECT_EQ(CanonicalChecksum(*(*table)->column(0)), columns[i]["sha256"].text);
      if (i == j) continue;
      EXPECT_EQ((*table)->field(1)->name(), columns[j]["name"].text);
      EXPECT_EQ(CanonicalChecksum(*(*table)->column(1)), columns[j]["sha256"].text);
    }
  }
}

TEST_F(ReaderFixtures, MissingFieldsAreNull) {
  const Json& one = expected_["cases"]["evolution.head"];
  const Json& read = one["read_with_missing"];
  const auto own = OpenReader(Paths(one));
  ASSERT_TRUE(own.ok()) << own.status();
  auto fields = (*own)->schema()->fields();
  for (const auto& field : read["missing"].items) {
    const auto& type = field["type"].text;
    const auto arrow_type = type == "int64"    ? arrow::int64()
                            : type == "string" ? arrow::utf8()
                                               : arrow::fixed_size_binary(32);
    fields.push_back(IdField(field["field_id"].integer(), field["name"].text, arrow_type));
  }
  ReaderOptions options;
  options.schema = arrow::schema(fields);
  const auto table = ReadFiles(Paths(one), options);
  ASSERT_TRUE(table.ok()) << table.status();
  ExpectColumns(read["columns"], **table, "evolution");
}

TEST_F(ReaderFixtures, ProjectionKeepsTheAskedOrder) {
  const Json& one = expected_["cases"]["evolution.head"];
  ReaderOptions options;
  options.columns.emplace();
  for (const auto& field : one["read_projection"]["fields"].items) {
    options.columns->push_back(field.text);
  }
  const auto table = ReadFiles(Paths(one), options);
  ASSERT_TRUE(table.ok()) << table.status();
  EXPECT_EQ((*table)->num_rows(), one["read_projection"]["rows"].integer());
  const auto& columns = one["read_projection"]["columns"].items;
  ASSERT_EQ((*table)->num_columns(), static_cast<int>(columns.size()));
  for (size_t i = 0; i < columns.size(); ++i) {
    EXPECT_EQ((*table)->field(static_cast<int>(i))->name(), columns[i].text);
  }
}

TEST_F(ReaderFixtures, FootersAsDescribed) {
  for (const auto& [name, one] : expected_["cases"].members) {
    for (const auto& file : one["files"].items) {
      const auto path = root_ + "/packed/" + file["name"].text;
      const auto info = DescribeFile(*LocalStore(), path);
      ASSERT_TRUE(info.ok()) << info.status();
      EXPECT_EQ(info->layout, FileLayout::kPacked);
      EXPECT_EQ(info->file_bytes, file["bytes"].integer());
      EXPECT_EQ(info->created_by, file["created_by"].text);
      EXPECT_EQ(info->format_version, file["format_version"].text);
      EXPECT_EQ(info->storage_version, "1.0.0");
      EXPECT_EQ(info->rows, one["rows"].integer());
      ASSERT_EQ(info->key_values.size(), file["kv"].members.size());
      for (const auto& [key, value] : info->key_values) EXPECT_EQ(value, file["kv"][key].text);
      ASSERT_EQ(info->row_groups.size(), file["row_groups"].items.size());
      const auto& chunks = file["chunks"].items;
      ASSERT_GE(info->chunks.size(), chunks.size());
      for (size_t i = 0; i < chunks.size(); ++i) {
        EXPECT_EQ(info->chunks[i].column, chunks[i]["column"].text);
        EXPECT_EQ(info->chunks[i].physical_type, chunks[i]["physical"].text);
        EXPECT_EQ(info->chunks[i].codec, chunks[i]["codec"].text);
        EXPECT_EQ(info->chunks[i].has_dictionary, chunks[i]["dictionary"].boolean());
        EXPECT_EQ(info->chunks[i].has_statistics, chunks[i]["statistics"].boolean());
        std::vector<std::string> encodings;
        for (const auto& encoding : chunks[i]["encodings"].items) {
          encodings.push_back(encoding.text);
        }
        EXPECT_EQ(info->chunks[i].encodings, encodings);
      }
    }
  }
}

TEST_F(ReaderFixtures, LoonFilesNeedTheLenientMode) {
  const auto strict = OpenReader(LoonFiles(3000));
  EXPECT_TRUE(FailsWith(strict.status(), ErrorCode::kMetadataCorrupted, {"group_field_id_list"}));
  for (const int64_t rows : {3000, 200}) {
    for (const int64_t buffer : kBuffers) {
      const auto paths = LoonFiles(rows);
      ASSERT_EQ(paths.size(), 3u);
      ReaderOptions options;
      options.lenient = true;
      options.buffer_bytes = buffer;
      const auto table = ReadFiles(paths, options);
      ASSERT_TRUE(table.ok()) << table.status();
      ASSERT_EQ((*table)->num_rows(), rows);
      const auto pk = ColumnOf(**table, "pk");
      const auto row_ids = ColumnOf(**table, "RowID");
      const auto& ids = static_cast<const arrow::Int64Array&>(*row_ids);
      const auto& keys = static_cast<const arrow::Int64Array&>(*pk);
      for (int64_t i = 0; i < rows; ++i) {
        EXPECT_EQ(keys.Value(i) - keys.Value(0), i);
        EXPECT_EQ(ids.Value(i) - ids.Value(0), i);
      }
      EXPECT_EQ((*table)->schema()->field_names(),
                (std::vector<std::string>{"RowID", "Timestamp", "pk", "s", "sn", "fvec"}));
    }
  }
}

}  // namespace
}  // namespace packed::test
