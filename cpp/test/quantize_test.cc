// Quantizing vectors in memory: codes, scales and errors.

#include "packed/quantize.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "arrow/api.h"
#include "gtest/gtest.h"

#include "packed/error.h"
#include "quantization_key.h"
#include "quantize_kernel.h"

namespace packed {
namespace {

constexpr float kLargest = std::numeric_limits<float>::max();
constexpr float kSmallest = std::numeric_limits<float>::denorm_min();

/// Rows of `dim` float32 that begin `shift` bytes into their memory.
std::shared_ptr<arrow::Array> Vectors(const std::vector<float>& values, int32_t dim,
                                      int64_t shift = 0,
                                      const std::shared_ptr<arrow::Buffer>& validity = nullptr) {
  const auto bytes = static_cast<int64_t>(values.size() * sizeof(float));
  std::shared_ptr<arrow::Buffer> memory = arrow::AllocateBuffer(bytes + shift).ValueOrDie();
  if (bytes > 0) std::memcpy(memory->mutable_data() + shift, values.data(), bytes);
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow::fixed_size_binary(dim * 4), bytes / 4 / dim,
                             {validity, arrow::SliceBuffer(memory, shift, bytes)}));
}

std::vector<int8_t> CodesOf(const QuantizedVectors& vectors) {
  const auto* codes = reinterpret_cast<const int8_t*>(vectors.codes->data());
  return {codes, codes + vectors.codes->size()};
}

std::vector<float> FloatsOf(const arrow::Buffer& buffer) {
  const auto* floats = reinterpret_cast<const float*>(buffer.data());
  return {floats, floats + buffer.size() / 4};
}

std::vector<float> Decoded(const QuantizedVectors& vectors, int32_t dim, bool each) {
  const auto codes = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::fixed_size_binary(dim), vectors.codes->size() / dim, {nullptr, vectors.codes}));
  if (!each) {
    const float scale = FloatsOf(*vectors.scales).front();
    return FloatsOf(**DequantizeVectors(*codes, nullptr, scale));
  }
  const arrow::FloatArray scales(vectors.scales->size() / 4, vectors.scales);
  return FloatsOf(**DequantizeVectors(*codes, &scales));
}

std::vector<float> Noise(size_t count, int seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 0.3F);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

void ExpectFailure(const arrow::Status& status, ErrorCode code, const std::string& part) {
  EXPECT_EQ(DescribeError(status).code, code) << status;
  EXPECT_NE(DescribeError(status).message.find(part), std::string::npos) << status;
}

TEST(Quantize, GivesEachVectorItsOwnScale) {
  const auto vectors = Vectors({1.27F, -1.27F, 0, 0.635F, 0, 0, -0.0F, 0, 254, 3, -1, 2.0001F}, 4);
  const auto quantized = QuantizeVectors(*vectors, ScaleRule::kVector).ValueOrDie();
  EXPECT_EQ(FloatsOf(*quantized.scales), (std::vector<float>{1.27F / 127, 0, 2}));
  // Ties go to the even code: 0.635 is 63.5 scales, 3 is 1.5 and -1 is -0.5 of them.
  EXPECT_EQ(CodesOf(quantized), (std::vector<int8_t>{127, -127, 0, 64, 0, 0, 0, 0, 127, 2, 0, 1}));
  EXPECT_EQ(quantized.max_error, 1);
}

TEST(Quantize, GivesAllVectorsOneScale) {
  const auto vectors = Vectors({127, -63.5F, 0.25F, 12.4F}, 2);
  const auto quantized = QuantizeVectors(*vectors, ScaleRule::kSegment).ValueOrDie();
  EXPECT_EQ(FloatsOf(*quantized.scales), std::vector<float>{1});
  EXPECT_EQ(CodesOf(quantized), (std::vector<int8_t>{127, -64, 0, 12}));
  EXPECT_EQ(quantized.max_error, 0.5F);
  const auto given = QuantizeVectors(*vectors, ScaleRule::kGiven, 2).ValueOrDie();
  EXPECT_EQ(CodesOf(given), (std::vector<int8_t>{64, -32, 0, 6}));
}

/// The definition, number by number in double.
TEST(Quantize, IsTheDefinitionAtAnyAddressAndLength) {
  for (const int32_t dim : {1, 2, 3, 7, 16, 33, 100, 769}) {
    for (const bool each : {true, false}) {
      const auto values = Noise(static_cast<size_t>(dim) * 41, dim);
      const auto vectors = Vectors(values, dim, dim % 4);
      const auto rule = each ? ScaleRule::kVector : ScaleRule::kSegment;
      const auto quantized = QuantizeVectors(*vectors, rule).ValueOrDie();
      const auto scales = FloatsOf(*quantized.scales);
      const auto codes = CodesOf(quantized);
      const auto decoded = Decoded(quantized, dim, each);
      float most = 0;
      for (size_t i = 0; i < values.size(); ++i) {
        const float scale = scales[each ? i / dim : 0];
        const float quotient = values[i] / scale;
        ASSERT_EQ(codes[i], std::nearbyint(quotient)) << dim << " at " << i;
        ASSERT_EQ(decoded[i], static_cast<float>(codes[i]) * scale);
        const double error = std::fabs(static_cast<double>(values[i]) - decoded[i]);
        ASSERT_LE(error, static_cast<double>(scale) * 0.50002);
        most = std::max(most, static_cast<float>(error));
      }
      EXPECT_EQ(quantized.max_error, most) << dim;
    }
  }
}

TEST(Quantize, HoldsAtTheEndsOfFloat) {
  for (const float most : {kLargest, std::nextafter(kLargest, 0.0F), kSmallest, 100 * kSmallest,
                           300 * kSmallest, 1e-38F, std::numeric_limits<float>::min()}) {
    const float scale = ScaleFor(most);
    EXPECT_GT(scale, 0);
    EXPECT_TRUE(std::isfinite(127 * scale)) << most;
    EXPECT_LT(most / scale, 127.5F) << most;
    const auto vectors = Vectors({most, -most, most / 2, 0}, 4);
    const auto quantized = QuantizeVectors(*vectors, ScaleRule::kVector).ValueOrDie();
    for (const float value : Decoded(quantized, 4, true)) EXPECT_TRUE(std::isfinite(value));
    EXPECT_LE(quantized.max_error, scale) << most;
  }
  EXPECT_EQ(ScaleFor(0), 0);
  EXPECT_EQ(ScaleFor(1), 1.0F / 127);
}

TEST(Quantize, RefusesWhatIsNoNumberByItsRow) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  for (const float bad : {kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(),
                          std::bit_cast<float>(0xff800001)}) {
    for (const auto rule : {ScaleRule::kVector, ScaleRule::kSegment, ScaleRule::kGiven}) {
      auto values = Noise(4096, 5);
      values[3 * 1024 + 1023] = bad;
      const auto failed = QuantizeVectors(*Vectors(values, 1024), rule, 1);
      ExpectFailure(failed.status(), ErrorCode::kInvalidData,
                    "finite values for row 3 but received");
    }
  }
  const auto vectors = Vectors({1, 2, 127, 3, 127.5F, 4}, 2);
  const auto beyond = QuantizeVectors(*vectors, ScaleRule::kGiven, 1);
  ExpectFailure(beyond.status(), ErrorCode::kInvalidData,
                "magnitudes of at most 127 for row 2 but received 127.5");
}

TEST(Quantize, RefusesArgumentsThatAreAtFault) {
  const auto vectors = Vectors({1, 2}, 2);
  for (const float scale : {0.0F, -1.0F, kLargest, std::numeric_limits<float>::quiet_NaN()}) {
    const auto failed = QuantizeVectors(*vectors, ScaleRule::kGiven, scale);
    ExpectFailure(failed.status(), ErrorCode::kInvalidArgument, "Expected a scale above 0");
  }
  const auto odd = arrow::MakeArrayOfNull(arrow::fixed_size_binary(6), 1).ValueOrDie();
  ExpectFailure(QuantizeVectors(*odd, ScaleRule::kVector).status(), ErrorCode::kInvalidArgument,
                "whole float32 but received 6 bytes");
  const auto ints = arrow::MakeArrayOfNull(arrow::int32(), 1).ValueOrDie();
  ExpectFailure(QuantizeVectors(*ints, ScaleRule::kVector).status(), ErrorCode::kInvalidArgument,
                "received int32");
  const auto scales = arrow::MakeArrayOfNull(arrow::float32(), 1).ValueOrDie();
  ExpectFailure(DequantizeVectors(*odd, scales.get()).status(), ErrorCode::kInvalidArgument,
                "a float32 for each of 1 rows");
  const auto infinite = std::numeric_limits<float>::infinity();
  const auto codes = Vectors({1, 2}, 2);
  ExpectFailure(DequantizeVectors(*codes, nullptr, infinite).status(), ErrorCode::kInvalidData,
                "a finite scale for row 0 but received inf");
}

TEST(Quantize, TakesSlicesAndNulls) {
  const auto values = Noise(64, 9);
  const std::shared_ptr<arrow::Buffer> validity = arrow::AllocateBuffer(2).ValueOrDie();
  validity->mutable_data()[0] = 0b11011111;
  validity->mutable_data()[1] = 0b11111110;
  auto damaged = values;
  damaged[5 * 4] = std::numeric_limits<float>::quiet_NaN();  // of a null row
  const auto whole = Vectors(damaged, 4, 1, validity);
  const auto slice = whole->Slice(3, 7);
  const auto quantized = QuantizeVectors(*slice, ScaleRule::kVector).ValueOrDie();
  const auto expected = QuantizeVectors(*Vectors(values, 4)->Slice(3, 7), ScaleRule::kVector);
  auto codes = CodesOf(*expected);
  auto scales = FloatsOf(*expected->scales);
  for (const int row : {2, 5}) {
    scales[row] = 0;
    std::fill_n(codes.begin() + row * 4, 4, 0);
  }
  EXPECT_EQ(CodesOf(quantized), codes);
  EXPECT_EQ(FloatsOf(*quantized.scales), scales);
  const auto none = QuantizeVectors(*whole->Slice(2, 0), ScaleRule::kSegment).ValueOrDie();
  EXPECT_EQ(none.codes->size(), 0);
  EXPECT_EQ(FloatsOf(*none.scales), std::vector<float>{0});
  EXPECT_EQ(none.max_error, 0);
}

TEST(Quantize, EndsWhenItIsCancelled) {
  const CancelToken cancel;
  cancel.Cancel();
  const auto vectors = Vectors({1, 2}, 2);
  EXPECT_EQ(DescribeError(QuantizeVectors(*vectors, ScaleRule::kVector, 0, cancel).status()).code,
            ErrorCode::kAborted);
}

TEST(QuantizationKey, ComesBack) {
  const std::vector<QuantizedField> fields = {
      {102, "a \"b\"\\", 101, "a", 768, {}, 0, 103, 0.0123F},
      {105, "c", 104, "d", 1, 0.1F, 12.7F, 0, 0},
  };
  const std::string text = SerializeQuantization(fields);
  const auto read = ParseQuantization(text).ValueOrDie();
  ASSERT_EQ(read.size(), 2);
  EXPECT_EQ(SerializeQuantization(read), text);
  EXPECT_EQ(read[0].name, fields[0].name);
  EXPECT_EQ(read[0].scale_field_id, 103);
  EXPECT_FALSE(read[0].scale.has_value());
  EXPECT_EQ(read[1].scale, 0.1F);
  EXPECT_EQ(read[1].max_abs, 12.7F);
}

TEST(QuantizationKey, IsJudged) {
  const std::string good = SerializeQuantization({{102, "c", 101, "v", 4, {}, 0, 103, 0.5F}});
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return ParseQuantization(text.replace(at, from.size(), to)).status();
  };
  EXPECT_TRUE(with("102", "7").ok());
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"102", "-1"},
                                                        {"102", "1.5"},
                                                        {"102", "2147483648"},
                                                        {"102", "\"102\""},
                                                        {"\"dim\":4", "\"dim\":0"},
                                                        {"\"dim\":4", "\"dim\":536870912"},
                                                        {"0.5", "-1"},
                                                        {"0.5", "1e300"},
                                                        {"\"vector\"", "\"row\""},
                                                        {"scaleFieldId", "scaleFieldid"},
                                                        {"\"vector\"", "\"segment\""},
                                                        {"\"source\"", "\"sauce\""},
                                                        {"[{", "[[{"},
                                                        {"}]", "}"}}) {
    ExpectFailure(with(from, to), ErrorCode::kMetadataCorrupted, "arrow-packed.quantization");
  }
  ExpectFailure(with("\"bits\":8", "\"bits\":4"), ErrorCode::kNotSupported, "received 4 bits");
  ExpectFailure(with("\"version\":1", "\"version\":2"), ErrorCode::kNotSupported, "version 1");
}

}  // namespace
}  // namespace packed
