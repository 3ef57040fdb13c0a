// Vectors that a writer stores as codes, and readers decode.

#include <cmath>
#include <limits>

#include "arrow/api.h"
#include "arrow/compute/api_vector.h"
#include "arrow/datum.h"

#include "packed/quantize.h"
#include "packed/row_access.h"
#include "packed/row_group_reader.h"
#include "packed/visibility.h"
#include "quantized_fixture.h"
#include "reader_support.h"
#include "writer_harness.h"

namespace packed::testing {
namespace {

using test::ColumnOf;
using test::FailsWith;
using test::OpenReader;
using test::ReadAll;
using test::ReadFiles;

TEST_F(Quantized, StoresCodesInTheirPlaceAndScalesBehind) {
  const auto stored = QuantizedSchema(schema_, {OwnScales(), OneScale(true)}).ValueOrDie();
  EXPECT_EQ(stored->field_names(), (std::vector<std::string>{"id", "v8", "w", "vs", "w8"}));
  Write({{0, 3}, {1}, {2}, {4}}, {OwnScales(), OneScale(true)});
  const auto codes = ReadBack(paths_[1]);
  EXPECT_EQ(codes.table->schema()->field(0)->type()->ToString(), "fixed_size_binary[24]");
  EXPECT_EQ(codes.metadata->schema()->group_node()->field(0)->field_id(), 102);
  EXPECT_EQ(codes.table->column(0)->null_count(), v_->null_count());
  const auto scales = ReadBack(paths_[0]).table->GetColumnByName("vs");
  EXPECT_EQ(scales->null_count(), v_->null_count());
  const std::string key = codes.Key(std::string(kQuantizationKey));
  for (const auto& path : paths_) EXPECT_EQ(ReadBack(path).Key(std::string(kQuantizationKey)), key);
  EXPECT_NE(key.find(R"("fieldId":102,"name":"v8","source":{"fieldId":101,"name":"v"},"dim":24)"),
            std::string::npos)
      << key;
  EXPECT_NE(key.find(R"("scale":"segment")"), std::string::npos) << key;
}

TEST_F(Quantized, ReadersDecodeWhereverScalesAre) {
  for (const auto layout : {Layout::kMilvus, Layout::kFast}) {
    for (const auto& columns : std::vector<std::vector<std::vector<int>>>{
             {{0, 3}, {1}, {2}}, {{0}, {3, 1, 2}}, {{2, 1, 3, 0}}, {{3}, {1}, {2, 0}}}) {
      WriterOptions writer;
      writer.layout = layout;
      Write(columns, {OwnScales(), OneScale()}, writer);
      for (const bool own : {true, false}) {
        ReaderOptions options;
        options.own_pages = own;
        options.mmap = own;
        const auto table = ReadFiles(paths_, options).ValueOrDie();
        EXPECT_EQ(table->num_columns(), 3);
        ExpectColumn(*table, "v8", Expected(*v_, {}));
        ExpectColumn(*table, "w8", Expected(*w_, kBound));
        EXPECT_EQ(table->schema()->GetFieldByName("v8")->metadata()->value(0), "102");
      }
    }
  }
}

TEST_F(Quantized, ComeOutAsTheyAreAskedFor) {
  Write({{0, 3}, {1}, {2}}, {OwnScales(), OneScale()});
  ReaderOptions lists;
  lists.vectors = VectorForm::kFixedSizeList;
  auto table = ReadFiles(paths_, lists).ValueOrDie();
  const auto list_type = arrow::fixed_size_list(arrow::float32(), kDim);
  EXPECT_TRUE(ColumnOf(*table, "v8")->type()->Equals(*list_type));
  EXPECT_TRUE(ColumnOf(*table, "w8")->Equals(AsLists(*Expected(*w_, kBound))));

  ReaderOptions raw;
  raw.quantized = QuantizedForm::kRaw;
  table = ReadFiles(paths_, raw).ValueOrDie();
  EXPECT_EQ(table->num_columns(), 4);
  EXPECT_EQ(ColumnOf(*table, "v8")->type()->ToString(), "fixed_size_binary[24]");
  raw.vectors = VectorForm::kFixedSizeList;
  table = ReadFiles(paths_, raw).ValueOrDie();
  EXPECT_TRUE(ColumnOf(*table, "w8")->type()->Equals(*arrow::fixed_size_list(arrow::int8(), kDim)));

  ReaderOptions some;
  some.columns = {std::string("vs"), int64_t{102}};
  table = ReadFiles(paths_, some).ValueOrDie();
  EXPECT_EQ(table->schema()->field_names(), (std::vector<std::string>{"vs", "v8"}));
  ExpectColumn(*table, "v8", Expected(*v_, {}));
  EXPECT_EQ(ColumnOf(*table, "vs")->null_count(), v_->null_count());
}

TEST_F(Quantized, ASchemaSaysWhatIsDecoded) {
  Write({{0, 3}, {1}, {2}}, {OwnScales(), OneScale()});
  ReaderOptions options;
  options.schema =
      arrow::schema({IdField("codes", arrow::fixed_size_binary(kDim), 102),
                     IdField("w8", arrow::fixed_size_list(arrow::float32(), kDim), 105),
                     IdField("absent", arrow::int32(), 999, false)});
  auto table = ReadFiles(paths_, options).ValueOrDie();
  EXPECT_EQ(ColumnOf(*table, "codes")->type()->ToString(), "fixed_size_binary[24]");
  EXPECT_TRUE(ColumnOf(*table, "w8")->Equals(AsLists(*Expected(*w_, kBound))));

  options.schema = arrow::schema({IdField("absent", arrow::int32(), 999, false),
                                  IdField("v", arrow::fixed_size_binary(kDim * 4), 102)});
  table = ReadFiles(paths_, options).ValueOrDie();
  ExpectColumn(*table, "v", Expected(*v_, {}));
  EXPECT_TRUE(table->schema()->field(0)->nullable());
  EXPECT_EQ(ColumnOf(*table, "absent")->null_count(), kRows);

  options.quantized = QuantizedForm::kRaw;
  EXPECT_TRUE(FailsWith(ReadFiles(paths_, options).status(), ErrorCode::kTypeMismatch, {"v"}));
}

TEST_F(Quantized, NeedTheirScales) {
  Write({{0, 3}, {1}, {2}}, {OwnScales(), OneScale()});
  EXPECT_TRUE(FailsWith(ReadFiles({paths_[1]}).status(), ErrorCode::kInvalidArgument,
                        {"field id 103", "v8", "ask for its codes"}));
  EXPECT_EQ(ReadFiles({paths_[2]}).ValueOrDie()->num_columns(), 1);
  EXPECT_EQ(ReadFiles({paths_[0]}).ValueOrDie()->num_columns(), 2);
  ReaderOptions raw;
  raw.quantized = QuantizedForm::kRaw;
  EXPECT_EQ(ReadFiles({paths_[1]}, raw).ValueOrDie()->num_columns(), 1);
}

TEST_F(Quantized, RowsByPositionAndRowGroupsAreDecoded) {
  Write({{0, 3}, {1}, {2}}, {OwnScales(), OneScale()});
  const auto access = RowAccess::Open(paths_, {}, LocalStore()).ValueOrDie();
  EXPECT_EQ(access->schema()->field_names(), (std::vector<std::string>{"id", "v8", "w8"}));
  const std::vector<int64_t> rows = {2999, 3, 3, 0, 1500, 10};
  const auto taken = access->Take(rows).ValueOrDie();
  arrow::Int64Builder builder;
  ASSERT_TRUE(builder.AppendValues(rows).ok());
  const auto positions = builder.Finish().ValueOrDie();
  EXPECT_TRUE(taken->schema()->Equals(*access->schema()));
  EXPECT_TRUE(taken->GetColumnByName("v8")->Equals(
      arrow::compute::Take(*Expected(*v_, {}), *positions).ValueOrDie()));
  EXPECT_TRUE(taken->GetColumnByName("w8")->Equals(
      arrow::compute::Take(*Expected(*w_, kBound), *positions).ValueOrDie()));
  EXPECT_EQ(access->Take({}).ValueOrDie()->num_rows(), 0);

  const auto info = OpenReader(paths_).ValueOrDie()->files()[1].row_groups[1];
  const auto group = access->ReadRowGroup(1, 1).ValueOrDie();
  EXPECT_EQ(group->schema()->field_names(), std::vector<std::string>{"v8"});
  EXPECT_TRUE(group->column(0)->Equals(Expected(*v_, {})->Slice(info.row_offset, info.rows)));
  const auto first = access->ReadRowGroup(0, 0).ValueOrDie();
  EXPECT_EQ(first->schema()->field_names(), std::vector<std::string>{"id"});
}

TEST_F(Quantized, AFileOfScalesAloneHasNothingOfTheAnswer) {
  Write({{0}, {3}, {1}, {2}}, {OwnScales(), OneScale()});
  const auto access = RowAccess::Open(paths_, {}, LocalStore()).ValueOrDie();
  EXPECT_TRUE(FailsWith(access->ReadRowGroup(1, 0).status(), ErrorCode::kInvalidArgument,
                        {"one of the columns"}));
  EXPECT_EQ(access->ReadRowGroup(2, 0).ValueOrDie()->num_columns(), 1);
  const auto raw = RowGroupReader::Open(paths_[2], {}, LocalStore()).ValueOrDie();
  EXPECT_EQ(raw->schema()->field(0)->type()->ToString(), "fixed_size_binary[24]");
}

TEST_F(Quantized, FilesOfAColumnGroupMayHaveOtherScales) {
  Write({{0, 3}, {1}, {2}}, {OwnScales(), OneScale()});
  const auto first = paths_;
  const ScratchDir other;
  WriterOptions options;
  options.quantize = {OwnScales(), OneScale()};
  options.quantize[1].max_abs = 10 * kBound;
  WriteAll(schema_, GroupsOf(other, {{0, 3}, {1}, {2}}), {Batch()}, options);
  const auto groups = [&](const std::vector<int>& columns) {
    std::vector<FileGroup> all;
    all.reserve(columns.size());
    for (const int i : columns) {
      all.push_back({{}, {{first[i], 100, kRows}, {other.File(std::to_string(i)), 0, 500}}});
    }
    return all;
  };
  const auto reader = PackedReader::Open(groups({0, 1, 2}), {}, LocalStore()).ValueOrDie();
  const auto table = ReadAll(*reader).ValueOrDie();
  const auto both = [&](const std::shared_ptr<arrow::Array>& one,
                        const std::shared_ptr<arrow::Array>& two) {
    return arrow::Concatenate({one->Slice(100), two->Slice(0, 500)}).ValueOrDie();
  };
  ExpectColumn(*table, "v8", both(Expected(*v_, {}), Expected(*v_, {})));
  ExpectColumn(*table, "w8", both(Expected(*w_, kBound), Expected(*w_, 10 * kBound)));

  ReaderOptions named;
  named.columns = {std::string("v8")};
  // The group of the scales is opened although none of its columns was asked for.
  auto listed = groups({0, 1, 2});
  listed[0].columns = {"id", "vs"};
  listed[1].columns = {"v8"};
  listed[2].columns = {"w8"};
  const auto alone = PackedReader::Open(listed, named, LocalStore()).ValueOrDie();
  ExpectColumn(*ReadAll(*alone).ValueOrDie(), "v8", both(Expected(*v_, {}), Expected(*v_, {})));

  const auto access = RowAccess::Open(groups({0, 1, 2}), {}, LocalStore()).ValueOrDie();
  const auto taken = access->Take({0, kRows - 100}).ValueOrDie();
  EXPECT_TRUE(
      taken->GetColumnByName("w8")->Slice(1)->Equals(Expected(*w_, 10 * kBound)->Slice(0, 1)));
  // Windows are numbered over the groups: the third is the first of the codes.
  const auto part = access->ReadRowGroup(2, 1).ValueOrDie();
  const auto& info = reader->files()[2].row_groups[1];
  EXPECT_TRUE(part->column(0)->Equals(Expected(*v_, {})->Slice(info.row_offset, info.rows)));
}

TEST_F(Quantized, BatchesStayWithinTheirBounds) {
  Write({{0, 3}, {1}, {2}}, {OwnScales(), OneScale()});
  ReaderOptions options;
  options.batch_bytes = 10000;
  const auto reader = OpenReader(paths_, options).ValueOrDie();
  int64_t rows = 0;
  int64_t most = 0;
  while (const auto batch = reader->ReadNext().ValueOrDie()) {
    rows += batch->num_rows();
    most = std::max(most, batch->num_rows());
  }
  EXPECT_EQ(rows, kRows);
  EXPECT_LE(most, 10000 / (2 * 4 * kDim + 8));
  EXPECT_GT(most, 10000 / (2 * 4 * kDim + 8) / 2);
  reader->Close();
  EXPECT_TRUE(FailsWith(reader->ReadNext().status(), ErrorCode::kClosed));
}

TEST_F(Quantized, RowsThatAreNotVisibleAreLeftOut) {
  const auto schema = arrow::schema({IdField("id", arrow::int64(), 100, false),
                                     IdField("ts", arrow::int64(), 99, false),
                                     IdField("v", v_->type(), 101, true)});
  const auto ids = Batch()->column(0);
  WriterOptions writer;
  writer.quantize = {OwnScales()};
  const auto groups = GroupsOf(dir_, {{0, 1, 3}, {2}});
  WriteAll(schema, groups, {BatchOf(schema, {ids, ids, v_})}, writer);
  ReaderOptions options;
  options.columns = {std::string("v8")};
  options.visible = VisibleRows{Visibility::Make(1999), 100, 99};
  const auto reader = OpenReader({groups[0].path, groups[1].path}, options).ValueOrDie();
  arrow::RecordBatchVector batches;
  while (const auto batch = reader->ReadNext().ValueOrDie()) batches.push_back(batch);
  const auto table = arrow::Table::FromRecordBatches(reader->schema(), batches).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 2000);
  EXPECT_EQ(table->num_columns(), 1);
  ExpectColumn(*table, "v8", Expected(*v_, {})->Slice(0, 2000));
}

TEST_F(Quantized, RowsThatAreNotWantedAreLeftOut) {
  const auto schema = arrow::schema(
      {IdField("id", arrow::int64(), 100, false), IdField("v", v_->type(), 101, true)});
  WriterOptions writer;
  writer.quantize = {OwnScales()};
  const auto groups = GroupsOf(dir_, {{0}, {1}, {2}});
  WriteAll(schema, groups, {BatchOf(schema, {Batch()->column(0), v_})}, writer);
  ReaderOptions options;
  options.columns = {std::string("v8")};
  options.filter = Filter{FilterOp::kLess, {}, "id", {int64_t{1000}}};
  const auto reader =
      OpenReader({groups[0].path, groups[1].path, groups[2].path}, options).ValueOrDie();
  arrow::RecordBatchVector batches;
  while (const auto batch = reader->ReadNext().ValueOrDie()) batches.push_back(batch);
  const auto table = arrow::Table::FromRecordBatches(reader->schema(), batches).ValueOrDie();
  EXPECT_EQ(table->num_columns(), 1);
  ExpectColumn(*table, "v8", Expected(*v_, {})->Slice(0, 1000));
}

TEST_F(Quantized, TheErrorIsThatOfWhatWasWritten) {
  WriterOptions options;
  options.quantize = {OwnScales(), OneScale(true)};
  auto writer =
      PackedWriter::Open(schema_, GroupsOf(dir_, {{0, 1, 2, 3, 4}}), options, LocalStore())
          .ValueOrDie();
  EXPECT_TRUE(writer->schema()->Equals(*schema_));
  EXPECT_EQ(writer->quantization(), "");
  const auto batch = Batch();
  ASSERT_TRUE(writer->Write(batch->Slice(0, 10)).ok());
  auto bad = Batch();
  auto* values = const_cast<uint8_t*>(bad->column_data(2)->child_data[0]->buffers[1]->data());
  const float saved = reinterpret_cast<float*>(values)[20 * kDim];
  for (const float wrong : {std::numeric_limits<float>::quiet_NaN(), kBound * 1.01F}) {
    reinterpret_cast<float*>(values)[20 * kDim] = wrong;
    EXPECT_TRUE(
        FailsWith(writer->Write(bad->Slice(8)), ErrorCode::kInvalidData, {"row 12 of field 'w'"}));
  }
  reinterpret_cast<float*>(values)[20 * kDim] = saved;
  ASSERT_TRUE(writer->Write(batch->Slice(10)).ok());
  ASSERT_TRUE(writer->Finish().ok());
  const auto quantized = QuantizeVectors(*v_, ScaleRule::kVector).ValueOrDie();
  const std::string key = writer->quantization();
  EXPECT_NE(key.find("\"maxError\":" +
                     std::to_string(static_cast<double>(quantized.max_error)).substr(0, 7)),
            std::string::npos)
      << key << quantized.max_error;
}

TEST_F(Quantized, WithoutRowsThereIsNoError) {
  WriterOptions options;
  options.quantize = {OwnScales()};
  WriteAll(schema_, GroupsOf(dir_, {{0, 1, 2, 3}}), {}, options);
  const auto table = ReadFiles({dir_.File("0")}).ValueOrDie();
  EXPECT_EQ(table->num_rows(), 0);
  EXPECT_EQ(table->schema()->GetFieldByName("v8")->type()->ToString(), "fixed_size_binary[96]");
  EXPECT_NE(ReadBack(dir_.File("0")).Key(std::string(kQuantizationKey)).find("\"maxError\":0}"),
            std::string::npos);
}

TEST_F(Quantized, ArgumentsAreChecked) {
  const auto open = [&](QuantizeField field) {
    return QuantizedSchema(schema_, {std::move(field)}).status();
  };
  QuantizeField field = OwnScales();
  field.field = "x";
  EXPECT_TRUE(FailsWith(open(field), ErrorCode::kInvalidArgument, {"'x'"}));
  field = OwnScales();
  field.field = "id";
  EXPECT_TRUE(FailsWith(open(field), ErrorCode::kTypeMismatch, {"'id'", "int64"}));
  for (const int64_t id : {int64_t{101}, int64_t{104}, int64_t{-1}, int64_t{1} << 31}) {
    field = OwnScales();
    field.field_id = id;
    EXPECT_TRUE(FailsWith(open(field), ErrorCode::kInvalidArgument, {"codes", std::to_string(id)}));
    field = OwnScales();
    field.scale_field_id = id;
    EXPECT_TRUE(
        FailsWith(open(field), ErrorCode::kInvalidArgument, {"scales", std::to_string(id)}));
  }
  for (const float bound : {0.0F, -1.0F, std::numeric_limits<float>::infinity()}) {
    field = OneScale();
    field.max_abs = bound;
    EXPECT_TRUE(FailsWith(open(field), ErrorCode::kInvalidArgument, {"a finite bound above 0"}));
  }
  EXPECT_TRUE(FailsWith(QuantizedSchema(schema_, {OwnScales(), OwnScales()}).status(),
                        ErrorCode::kInvalidArgument, {"twice"}));
  EXPECT_TRUE(FailsWith(QuantizedSchema(nullptr, {}).status(), ErrorCode::kInvalidArgument));
  WriterOptions options;
  options.user_metadata = {{std::string(kQuantizationKey), "{}"}};
  EXPECT_TRUE(FailsWith(
      PackedWriter::Open(schema_, GroupsOf(dir_, {{0, 1, 2}}), options, LocalStore()).status(),
      ErrorCode::kInvalidArgument, {"reserved"}));
}

TEST_F(Quantized, ADamagedKeyIsNamedUnlessCodesAreWanted) {
  const auto codes = arrow::MakeArray(
      arrow::ArrayData::Make(arrow::fixed_size_binary(4), 2, {nullptr, Noise(2, 4)}));
  const auto scales = Json(arrow::float32(), "[1, null]");
  const auto table = test::TableOf(
      {test::IdField(102, "v8", codes->type()), test::IdField(103, "vs", scales->type(), true)},
      {codes, scales});
  const auto write = [&](const std::string& key) {
    test::WriteParquet(
        dir_.File("0"),
        {.table = table, .groups = "102,103", .more_keys = {{std::string(kQuantizationKey), key}}});
    return ReadFiles({dir_.File("0")}).status();
  };
  const auto key = [](int dim, int scale_id) {
    return R"({"version":1,"fields":[{"fieldId":102,"name":"v8","source":{"fieldId":101,)"
           R"("name":"v"},"dim":)" +
           std::to_string(dim) + R"(,"bits":8,"scale":"vector","scaleFieldId":)" +
           std::to_string(scale_id) + R"(,"maxError":0}]})";
  };
  EXPECT_TRUE(FailsWith(write("{"), ErrorCode::kMetadataCorrupted, {dir_.File("0")}));
  EXPECT_TRUE(FailsWith(write(key(5, 103)), ErrorCode::kMetadataCorrupted, {"5 numbers"}));
  EXPECT_TRUE(FailsWith(write(key(4, 102)), ErrorCode::kMetadataCorrupted, {"float32 scales"}));
  EXPECT_TRUE(FailsWith(write(key(4, 104)), ErrorCode::kInvalidArgument, {"field id 104"}));
  // The second vector has no scale.
  EXPECT_TRUE(FailsWith(write(key(4, 103)), ErrorCode::kFileCorrupted, {"v8", "a null"}));
  ReaderOptions raw;
  raw.quantized = QuantizedForm::kRaw;
  EXPECT_TRUE(ReadFiles({dir_.File("0")}, raw).ok());
  ASSERT_FALSE(write("{").ok());
  EXPECT_TRUE(ReadFiles({dir_.File("0")}, raw).ok());
}

}  // namespace
}  // namespace packed::testing
