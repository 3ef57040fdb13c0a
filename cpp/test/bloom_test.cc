#include "packed/bloom.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "arrow/array/builder_binary.h"
#include "arrow/array/builder_primitive.h"
#include "arrow/util/base64.h"
#include "gtest/gtest.h"

#include "bloom_bits.h"
#include "bloom_size.h"
#include "packed/error.h"

namespace packed::testing {
namespace {

std::shared_ptr<arrow::Array> Int64Keys(const std::vector<int64_t>& keys) {
  arrow::Int64Builder builder;
  EXPECT_TRUE(builder.AppendValues(keys).ok());
  return builder.Finish().ValueOrDie();
}

template <typename Builder = arrow::StringBuilder>
std::shared_ptr<arrow::Array> TextKeys(const std::vector<std::string>& keys) {
  Builder builder;
  EXPECT_TRUE(builder.AppendValues(keys).ok());
  return builder.Finish().ValueOrDie();
}

std::vector<int64_t> Numbers(int64_t first, int64_t count) {
  std::vector<int64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

std::unique_ptr<BloomFilter> NewFilter(BloomKind kind, int64_t capacity) {
  return BloomFilter::Make(kind, capacity, 0.001).ValueOrDie();
}

int64_t Hits(const BloomFilter& filter, const arrow::Array& keys) {
  const std::vector<uint8_t> found = filter.Test(keys).ValueOrDie();
  EXPECT_EQ(static_cast<int64_t>(found.size()), keys.length());
  return std::count(found.begin(), found.end(), 1);
}

ErrorCode CodeOf(const arrow::Status& status) { return DescribeError(status).code; }

/// The text that the JSON form has: base64url of the bytes.
std::string Encoded(const std::vector<uint8_t>& bytes) {
  std::string text = arrow::util::base64_encode(
      std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

// --- What the Go libraries of Milvus gave

struct GoldenSize {
  int64_t keys;
  uint64_t blocked_bits, blocked_k, basic_bits, basic_k;
};

TEST(BloomSize, IsWhatTheGoLibrariesChoose) {
  for (const GoldenSize& golden : {GoldenSize{1, 512, 355, 15, 11},
                                   {3, 512, 119, 44, 11},
                                   {100, 2048, 15, 1438, 10},
                                   {1000, 17408, 13, 14378, 10},
                                   {100000, 1700352, 12, 1437759, 10}}) {
    const auto blocked = SizeBloom(BloomKind::kBlocked, golden.keys, 0.001).ValueOrDie();
    EXPECT_EQ(blocked.bits, golden.blocked_bits) << golden.keys;
    EXPECT_EQ(blocked.k, golden.blocked_k) << golden.keys;
    const auto basic = SizeBloom(BloomKind::kBasic, golden.keys, 0.001).ValueOrDie();
    EXPECT_EQ(basic.bits, golden.basic_bits) << golden.keys;
    EXPECT_EQ(basic.k, golden.basic_k) << golden.keys;
  }
}

TEST(BloomSize, BlockedFiltersHaveTwoHashFunctionsAtLeast) {
  const auto size = SizeBloom(BloomKind::kBlocked, 1'000'000, 0.9).ValueOrDie();
  EXPECT_EQ(size.bits, 1'000'448);
  EXPECT_EQ(size.k, 2);
}

TEST(BloomSize, RefusesWhatNoFilterCanBe) {
  for (const BloomKind kind : {BloomKind::kBasic, BloomKind::kBlocked}) {
    for (const int64_t capacity : {int64_t{0}, int64_t{-1}, INT64_MAX, int64_t{2'000'000'000}}) {
      const auto size = SizeBloom(kind, capacity, 0.001);
      EXPECT_EQ(CodeOf(size.status()), ErrorCode::kInvalidArgument) << capacity;
    }
    for (const double rate : {0.0, 1.0, -0.5, 1.5, std::numeric_limits<double>::quiet_NaN()}) {
      const auto size = SizeBloom(kind, 10, rate);
      EXPECT_EQ(CodeOf(size.status()), ErrorCode::kInvalidArgument) << rate;
    }
    EXPECT_TRUE(SizeBloom(kind, 1, std::numeric_limits<double>::denorm_min()).ok());
  }
}

TEST(BloomHash, Xxh3OfInt64IsOverEightLittleEndianBytes) {
  const std::pair<int64_t, uint64_t> golden[] = {
      {0, 0xc77b3abb6f87acd9}, {1, 0x2fbc593564db792e},   {2, 0x2086c65c91eee243},
      {3, 0x4d922029c1f42e7d}, {100, 0xb8473533128e3c5b}, {-1, 0x5111c7e47d784413}};
  for (const auto& [key, hash] : golden) {
    EXPECT_EQ(BlockedBits::HashOf({reinterpret_cast<const char*>(&key), 8}), hash) << key;
  }
}

TEST(BloomHash, Xxh3OfTextIsOverItsBytes) {
  EXPECT_EQ(BlockedBits::HashOf("a"), 0xe6c632b61e964e1f);
  EXPECT_EQ(BlockedBits::HashOf("hello"), 0x9555e8555c62dcfd);
  EXPECT_EQ(BlockedBits::HashOf(""), 0x2d06800538d394c2);
}

using Digest = std::pair<uint64_t, uint64_t>;

Digest PlainMurmur(std::string_view key) {
  const MurmurHash hash = MurmurOf(key);
  return {hash[0], hash[1]};
}

TEST(BloomHash, MurmurIsThePublishedFunctionWithoutSeed) {
  EXPECT_EQ(PlainMurmur(""), Digest(0, 0));
  EXPECT_EQ(PlainMurmur("hello"), Digest(0xcbd8a7b341bd9b02, 0x5b1e906a48ae1d19));
  EXPECT_EQ(PlainMurmur("The quick brown fox jumps over the lazy dog"),
            Digest(0xe34bbc7bbc071b6c, 0x7a433ca9c49a9347));
}

TEST(BloomHash, ItsSecondHalfIsThatOfTheKeyAndAByteOne) {
  for (size_t length = 0; length < 70; ++length) {
    const std::string key(length, 'k');
    const MurmurHash hash = MurmurOf(key);
    EXPECT_EQ(Digest(hash[2], hash[3]), PlainMurmur(key + '\x01')) << length;
  }
}

TEST(BloomFilter, BlockedFilterOfThreeKeysIsTheGoldenOne) {
  const auto filter = NewFilter(BloomKind::kBlocked, 3);
  ASSERT_TRUE(filter->Add(*Int64Keys({1, 2, 3})).ok());
  const BloomParts parts = filter->ToParts().ValueOrDie();
  EXPECT_EQ(parts.k, 119);
  EXPECT_EQ(parts.bits, 512);
  EXPECT_EQ(Encoded(parts.bytes),
            "mpqbipXHhIbwm1DQON6Ii8qKmMpa2xh6SA2NLp3KSIpNmoia2MKwhIFQ6QKU0geHHcTOpnn6KbIosgyLEvLCyg"
            "==");
}

TEST(BloomFilter, BasicFilterOfThreeKeysIsTheGoldenOne) {
  const auto filter = NewFilter(BloomKind::kBasic, 3);
  ASSERT_TRUE(filter->Add(*Int64Keys({1, 2, 3})).ok());
  const BloomParts parts = filter->ToParts().ValueOrDie();
  EXPECT_EQ(parts.k, 11);
  EXPECT_EQ(parts.bits, 44);
  EXPECT_EQ(Encoded(parts.bytes), "AAAAAAAAACwAAAeSV1hVWA==");
}

// --- What every filter does

class AnyBloomFilter : public ::testing::TestWithParam<BloomKind> {};
INSTANTIATE_TEST_SUITE_P(Kinds, AnyBloomFilter,
                         ::testing::Values(BloomKind::kBasic, BloomKind::kBlocked));

TEST_P(AnyBloomFilter, HasEveryKeyAndFewOthers) {
  constexpr int64_t kKeys = 100'000;
  const auto filter = NewFilter(GetParam(), kKeys);
  ASSERT_TRUE(filter->Add(*Int64Keys(Numbers(0, kKeys))).ok());
  EXPECT_EQ(Hits(*filter, *Int64Keys(Numbers(0, kKeys))), kKeys);
  const int64_t wrong = Hits(*filter, *Int64Keys(Numbers(kKeys, kKeys)));
  EXPECT_GT(wrong, 0);
  EXPECT_LT(wrong, kKeys / 500);
}

TEST_P(AnyBloomFilter, IsTheSameFromOneColumnOrFromMany) {
  const auto whole = NewFilter(GetParam(), 1000);
  ASSERT_TRUE(whole->Add(*Int64Keys(Numbers(-500, 1000))).ok());
  const auto pieces = NewFilter(GetParam(), 1000);
  const auto keys = Int64Keys(Numbers(-500, 1000));
  for (int64_t start = 0; start < 1000; start += 333) {
    ASSERT_TRUE(pieces->Add(*keys->Slice(start, 333)).ok());
  }
  EXPECT_EQ(pieces->ToParts().ValueOrDie().bytes, whole->ToParts().ValueOrDie().bytes);
}

TEST_P(AnyBloomFilter, ComesBackFromItsParts) {
  const auto filter = NewFilter(GetParam(), 50);
  ASSERT_TRUE(filter->Add(*TextKeys({"a", "", "héllo", std::string(300, 'x')})).ok());
  const BloomParts parts = filter->ToParts().ValueOrDie();
  const auto opened = BloomFilter::FromParts(parts).ValueOrDie();
  EXPECT_EQ(opened->ToParts().ValueOrDie().bytes, parts.bytes);
  EXPECT_EQ(opened->ToParts().ValueOrDie().k, parts.k);
  EXPECT_EQ(opened->Test(*TextKeys({"b", "", "héllo", "c"})).ValueOrDie(),
            (std::vector<uint8_t>{0, 1, 1, 0}));
}

TEST_P(AnyBloomFilter, TextOfAnyOffsetWidthIsTheSameKey) {
  const auto filter = NewFilter(GetParam(), 10);
  ASSERT_TRUE(filter->Add(*TextKeys<arrow::LargeStringBuilder>({"x", "y"})).ok());
  EXPECT_EQ(Hits(*filter, *TextKeys({"x", "y"})), 2);
}

TEST_P(AnyBloomFilter, GivesTheRangeOfWhatWasAdded) {
  const auto filter = NewFilter(GetParam(), 10);
  const auto numbers = filter->Add(*Int64Keys({5, INT64_MIN, INT64_MAX, 0})).ValueOrDie();
  EXPECT_EQ(std::get<int64_t>(numbers->min), INT64_MIN);
  EXPECT_EQ(std::get<int64_t>(numbers->max), INT64_MAX);
  // U+FF5E is above U+1F600 in UTF-16 units and below it in bytes.
  const auto texts = filter->Add(*TextKeys({"b", "～", "😀", "ab", ""})).ValueOrDie();
  EXPECT_EQ(std::get<std::string>(texts->min), "");
  EXPECT_EQ(std::get<std::string>(texts->max), "😀");
}

TEST_P(AnyBloomFilter, WithoutRowsNothingHappens) {
  const auto filter = NewFilter(GetParam(), 10);
  const BloomParts before = filter->ToParts().ValueOrDie();
  EXPECT_FALSE(filter->Add(*Int64Keys({})).ValueOrDie().has_value());
  EXPECT_FALSE(filter->Add(*TextKeys({})).ValueOrDie().has_value());
  EXPECT_TRUE(filter->Test(*TextKeys({})).ValueOrDie().empty());
  EXPECT_EQ(filter->ToParts().ValueOrDie().bytes, before.bytes);
}

TEST_P(AnyBloomFilter, NullsAndOtherColumnsAreRefusedBeforeAnythingIsAdded) {
  const auto filter = NewFilter(GetParam(), 10);
  const BloomParts before = filter->ToParts().ValueOrDie();

  arrow::Int64Builder nulls;
  ASSERT_TRUE(nulls.Append(1).ok());
  ASSERT_TRUE(nulls.AppendNull().ok());
  const auto null = filter->Add(*nulls.Finish().ValueOrDie()).status();
  EXPECT_EQ(CodeOf(null), ErrorCode::kInvalidData);
  EXPECT_EQ(DescribeError(null).message, "Expected a key for row 1 but received null");

  arrow::Int32Builder other;
  ASSERT_TRUE(other.Append(1).ok());
  const auto numbers = other.Finish().ValueOrDie();
  EXPECT_EQ(CodeOf(filter->Add(*numbers).status()), ErrorCode::kTypeMismatch);
  EXPECT_EQ(CodeOf(filter->Test(*numbers).status()), ErrorCode::kTypeMismatch);
  EXPECT_EQ(filter->ToParts().ValueOrDie().bytes, before.bytes);
}

TEST_P(AnyBloomFilter, TextOfWrongOffsetsOrBytesIsRefused) {
  const auto filter = NewFilter(GetParam(), 10);
  const auto invalid = TextKeys({"ok", "\xff\xfe"});
  EXPECT_EQ(CodeOf(filter->Add(*invalid).status()), ErrorCode::kInvalidData);

  const std::vector<int32_t> offsets{0, 1'000'000, 2};
  const arrow::StringArray outside(2, arrow::Buffer::Wrap(offsets),
                                   arrow::Buffer::FromString("ab"));
  EXPECT_EQ(CodeOf(filter->Add(outside).status()), ErrorCode::kInvalidData);
  EXPECT_EQ(CodeOf(filter->Test(outside).status()), ErrorCode::kInvalidData);
}

// --- Stored filters that are none

arrow::Status Opened(BloomKind kind, uint64_t k, uint64_t bits, std::vector<uint8_t> bytes) {
  return BloomFilter::FromParts({kind, k, bits, std::move(bytes)}).status();
}

std::vector<uint8_t> BasicBytes(uint8_t length, size_t word_bytes) {
  std::vector<uint8_t> bytes(8 + word_bytes);
  bytes[7] = length;
  return bytes;
}

TEST(StoredBloomFilter, MalformedPartsAreInvalidData) {
  const auto blocked = BloomKind::kBlocked;
  const auto basic = BloomKind::kBasic;
  EXPECT_TRUE(Opened(blocked, 12, 512, std::vector<uint8_t>(64)).ok());
  EXPECT_TRUE(Opened(basic, 10, 44, BasicBytes(44, 8)).ok());
  for (const arrow::Status& status : {
           Opened(blocked, 12, 0, {}),
           Opened(blocked, 12, 504, std::vector<uint8_t>(63)),
           Opened(blocked, 12, 1024, std::vector<uint8_t>(64)),
           Opened(blocked, 12, UINT64_MAX, std::vector<uint8_t>(64)),
           Opened(blocked, 0, 512, std::vector<uint8_t>(64)),
           Opened(blocked, UINT64_MAX, 512, std::vector<uint8_t>(64)),
           Opened(basic, 10, 0, {}),
           Opened(basic, 10, 0, BasicBytes(0, 0)),
           Opened(basic, 10, 44, {}),
           Opened(basic, 10, 44, {1, 2, 3}),
           Opened(basic, 10, 44, BasicBytes(44, 0)),
           Opened(basic, 10, 44, BasicBytes(44, 16)),
           Opened(basic, 10, 45, BasicBytes(44, 8)),
           Opened(basic, 10, UINT64_MAX, std::vector<uint8_t>(8, 0xff)),
           Opened(basic, 0, 44, BasicBytes(44, 8)),
           Opened(basic, uint64_t{1} << 16, 44, BasicBytes(44, 8)),
       }) {
    EXPECT_EQ(CodeOf(status), ErrorCode::kInvalidData) << status;
  }
}

TEST(StoredBloomFilter, BlockedFilterWithOneHashFunctionHoldsEverything) {
  const BloomParts parts{BloomKind::kBlocked, 1, 512, std::vector<uint8_t>(64)};
  const auto filter = BloomFilter::FromParts(parts).ValueOrDie();
  EXPECT_EQ(Hits(*filter, *Int64Keys({1, 2, 3})), 3);
}

}  // namespace
}  // namespace packed::testing
