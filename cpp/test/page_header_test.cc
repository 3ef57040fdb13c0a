// Page headers and runs: what is parsed, and that nothing is read beyond the bytes.

#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "hybrid_runs.h"
#include "read_page_header.h"

namespace packed::test {
namespace {

using State = ThriftCompactReader::State;
using Bytes = std::vector<uint8_t>;

State Parse(const Bytes& bytes, ParsedPage* page) { return ParsePageHeader(bytes, page); }

/// A data page of version 1: 100 values, PLAIN, 400 bytes stored as 300; with a checksum, and
/// statistics of which nothing is wanted.
const Bytes kDataV1{0x15, 0x00, 0x15, 0xa0, 0x06, 0x15, 0xd8, 0x04, 0x15, 0x0e,
                    0x1c, 0x15, 0xc8, 0x01, 0x15, 0x00, 0x15, 0x06, 0x15, 0x06,
                    0x1c, 0x18, 0x02, 'h',  'i',  0x11, 0x00, 0x00, 0x00};

TEST(PageHeader, FactsOfADataPage) {
  ParsedPage page;
  ASSERT_EQ(Parse(kDataV1, &page), State::kGood);
  EXPECT_EQ(page.kind, PageKind::kDataV1);
  EXPECT_EQ(page.header_bytes, static_cast<int64_t>(kDataV1.size()));
  EXPECT_EQ(page.uncompressed_bytes, 400);
  EXPECT_EQ(page.compressed_bytes, 300);
  EXPECT_EQ(page.crc, 7u);
  EXPECT_EQ(page.values, 100);
  EXPECT_EQ(page.encoding, 0);
  EXPECT_EQ(page.definition_encoding, 3);
}

TEST(PageHeader, FactsOfAPageOfVersionTwo) {
  // 10 values of which 2 are null, 10 rows, PLAIN, levels of 3 bytes, values not compressed.
  const Bytes bytes{0x15, 0x06, 0x15, 0x46, 0x15, 0x46, 0x5c, 0x15, 0x14, 0x15, 0x04,
                    0x15, 0x14, 0x15, 0x00, 0x15, 0x06, 0x15, 0x00, 0x12, 0x00, 0x00};
  ParsedPage page;
  ASSERT_EQ(Parse(bytes, &page), State::kGood);
  EXPECT_EQ(page.kind, PageKind::kDataV2);
  EXPECT_EQ(page.values, 10);
  EXPECT_EQ(page.definition_bytes, 3);
  EXPECT_EQ(page.repetition_bytes, 0);
  EXPECT_FALSE(page.compressed);
  EXPECT_EQ(page.crc, std::nullopt);
}

TEST(PageHeader, EveryCutIsShort) {
  for (size_t size = 0; size < kDataV1.size(); ++size) {
    ParsedPage page;
    EXPECT_EQ(Parse(Bytes(kDataV1.begin(), kDataV1.begin() + size), &page), State::kShort) << size;
  }
}

TEST(PageHeader, UnknownFieldsAreSkipped) {
  Bytes bytes(kDataV1.begin(), kDataV1.end() - 1);
  // Field 20: binary of 64 bytes. Field 21: a list of 3 bools. Field 22: a map of one pair.
  bytes.insert(bytes.end(), {0xf8, 64});
  bytes.insert(bytes.end(), 64, 0xee);
  bytes.insert(bytes.end(), {0x19, 0x31, 1, 2, 1, 0x1b, 0x01, 0x58, 0x02, 0x01, 'x', 0x00});
  ParsedPage page;
  ASSERT_EQ(Parse(bytes, &page), State::kGood);
  EXPECT_EQ(page.header_bytes, static_cast<int64_t>(bytes.size()));
  EXPECT_EQ(page.values, 100);
}

TEST(PageHeader, NestingAndNumbersAreBounded) {
  ParsedPage page;
  EXPECT_EQ(Parse(Bytes(1000, 0xfc), &page), State::kBad) << "structs without end";
  EXPECT_EQ(Parse({0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, &page),
            State::kBad)
      << "a varint without end";
  EXPECT_EQ(Parse({0x15, 0x00, 0x15, 0x01, 0x15, 0x02, 0x00}, &page), State::kBad)
      << "a negative size";
  EXPECT_EQ(Parse({0x15, 0x08, 0x15, 0x02, 0x15, 0x02, 0x00}, &page), State::kBad)
      << "an unknown kind";
  EXPECT_EQ(Parse({0x15, 0x00, 0x15, 0x02, 0x15, 0x02, 0x00}, &page), State::kBad)
      << "a data page that says nothing of its data";
  // A list that claims 2^60 bools, which take a byte each.
  EXPECT_EQ(Parse({0x19, 0xf1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10}, &page),
            State::kShort);
}

TEST(HybridRuns, RunsAndPackedValues) {
  // 5 times 9, then 8 packed values of 4 bits: 0 to 7.
  const Bytes bytes{0x0a, 0x09, 0x03, 0x10, 0x32, 0x54, 0x76};
  HybridRuns runs(bytes, 4);
  std::vector<uint32_t> values(13);
  ASSERT_TRUE(runs.Read(7, values.data()));
  ASSERT_TRUE(runs.Read(6, values.data() + 7));
  EXPECT_EQ(values, (std::vector<uint32_t>{9, 9, 9, 9, 9, 0, 1, 2, 3, 4, 5, 6, 7}));
  EXPECT_FALSE(runs.Read(1, values.data()));
}

TEST(HybridRuns, EveryWidth) {
  for (int width = 1; width <= 32; ++width) {
    Bytes bytes{0x03};
    uint64_t bits = 0;
    int held = 0;
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < 8; ++i) {
      const uint64_t mask = (uint64_t{1} << width) - 1;
      const auto value = static_cast<uint32_t>((i * 0x9e3779b9u) & mask);
      expected.push_back(value);
      bits |= static_cast<uint64_t>(value) << held;
      for (held += width; held >= 8; held -= 8) {
        bytes.push_back(static_cast<uint8_t>(bits));
        bits >>= 8;
      }
    }
    std::vector<uint32_t> values(8);
    ASSERT_TRUE(HybridRuns(bytes, width).Read(8, values.data())) << width;
    EXPECT_EQ(values, expected) << width;
  }
}

TEST(HybridRuns, BitsToABitmap) {
  // 3 ones, 8 packed bits 0b10110001, 2 zeros.
  const Bytes bytes{0x06, 0x01, 0x03, 0xb1, 0x04, 0x00};
  uint8_t bits[2] = {0xff, 0xff};
  ASSERT_TRUE(HybridRuns(bytes, 1).ReadBits(13, bits));
  EXPECT_EQ(bits[0], 0b10001111);
  EXPECT_EQ(bits[1] & 0x1f, 0b00101);
}

TEST(HybridRuns, DamagedRunsEndTheReading) {
  uint32_t values[64];
  uint8_t bits[8];
  EXPECT_FALSE(HybridRuns({}, 3).Read(1, values));
  const Bytes endless(20, 0xff);
  EXPECT_FALSE(HybridRuns(endless, 3).Read(1, values));
  const Bytes nothing{0x00};
  EXPECT_FALSE(HybridRuns(nothing, 1).ReadBits(1, bits)) << "a run of no values";
  const Bytes cut{0x03, 0x01};
  EXPECT_FALSE(HybridRuns(cut, 8).Read(2, values)) << "packed values that are not there";
  EXPECT_TRUE(HybridRuns(cut, 8).Read(1, values));
}

}  // namespace
}  // namespace packed::test
