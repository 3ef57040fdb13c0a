// Bytes that are no record, or lie about it, end in an error, never in a crash or in much memory.

#include <algorithm>
#include <cstring>
#include <random>

#include "packed/memory.h"
#include "record_frame.h"
#include "record_support.h"

namespace packed::test {
namespace {

using Place = RecordEncoding::Place;

TEST(RecordDamage, SizesAreBounded) {
  const auto batch = Documents(100'000);
  for (const RecordEncoding& form : {kRecordForms[0], kRecordForms[2], kRecordForms[3]}) {
    const Bytes bytes = Serialize(batch, form);
    const int64_t before = Pool()->max_memory();
    EXPECT_TRUE(FailsWith(Deserialize(bytes, {.max_bytes = 1 << 20}).status(),
                          ErrorCode::kInvalidData, {"at most 1048576 bytes"}));
    EXPECT_LT(Pool()->max_memory() - before, 4 << 20);
    EXPECT_TRUE(Deserialize(bytes, {.max_bytes = 16 << 20}).ok());
  }
  const Bytes plain = Plain(batch);
  EXPECT_TRUE(FailsWith(Deserialize(plain, {.max_bytes = plain->size() - 1}).status(),
                        ErrorCode::kInvalidData));
  EXPECT_TRUE(Deserialize(plain, {.max_bytes = plain->size()}).ok());
  // A frame that does not say its size, and zeros that are hardly any bytes.
  const auto zeros = StreamedFrame(Text(std::string(64 << 20, '\0')));
  EXPECT_LT(zeros->size(), 16 << 10);
  EXPECT_TRUE(FailsWith(OpenZstdFrame(*zeros, 1 << 20, {}).status(), ErrorCode::kInvalidData,
                        {"at most 1048576"}));
  EXPECT_TRUE(OpenZstdFrame(*zeros, 64 << 20, {}).ok());
  EXPECT_TRUE(
      FailsWith(OpenZstdFrame(*zeros, (64 << 20) - 1, {}).status(), ErrorCode::kInvalidData));
}

TEST(RecordDamage, ClaimedSizesAreNotAllocated) {
  // A frame of 2^62 bytes, one of 100 MiB, and a buffer of 1 TiB.
  std::string frame("\x28\xb5\x2f\xfd\xe0", 5);
  EXPECT_TRUE(FailsWith(Deserialize(Text(frame + std::string(7, '\0') + "\x40")).status(),
                        ErrorCode::kInvalidData, {"4611686018427387904"}));
  const int64_t before = Pool()->max_memory();
  frame[4] = '\xa0';
  EXPECT_TRUE(FailsWith(Deserialize(Text(frame + std::string("\0\0\x40\x06", 4))).status(),
                        ErrorCode::kFileCorrupted, {"cut short"}));
  const Bytes stream = Serialize(Documents(5000), kRecordForms[2]);
  std::string bytes = stream->ToString();
  const int64_t ids = 5000 * 8;
  const std::string size(reinterpret_cast<const char*>(&ids), sizeof(ids));
  const size_t at = bytes.find(size, 1000);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 5] = 1;
  EXPECT_TRUE(FailsWith(Deserialize(Text(bytes)).status(), ErrorCode::kInvalidData,
                        {"at most 1073741824"}));
  EXPECT_LT(Pool()->max_memory() - before, 64 << 20);
}

TEST(RecordDamage, CutShortIsAnErrorAtEveryByte) {
  const auto batch = Documents(20);
  for (const RecordEncoding& form : kRecordForms) {
    const Bytes bytes = Serialize(batch, form);
    for (int64_t size = 0; size < bytes->size(); ++size) {
      const auto read = Deserialize(arrow::SliceBuffer(bytes, 0, size));
      if (form.place == Place::kBuffers && size == bytes->size() - 8) {
        EXPECT_TRUE(read.ok());  // the end of a stream may be left out
        continue;
      }
      ASSERT_FALSE(read.ok()) << size;
      const auto code = DescribeError(read.status()).code;
      EXPECT_TRUE(code == ErrorCode::kFileCorrupted || code == ErrorCode::kInvalidData)
          << size << read.status();
    }
  }
}

TEST(RecordDamage, BytesBehindTheEndAreAnError) {
  const auto batch = Documents(20);
  for (const RecordEncoding& form : kRecordForms) {
    const std::string bytes = Serialize(batch, form)->ToString();
    for (const std::string& more : {std::string(1, '\0'), std::string("x"), std::string(8, '\0'),
                                    std::string(8, '\xff'), std::string(100, 'y')}) {
      EXPECT_TRUE(FailsWith(Deserialize(Text(bytes + more)).status(), ErrorCode::kFileCorrupted))
          << more.size();
    }
    // Twice the same, too: one frame is one record.
    const auto code = DescribeError(Deserialize(Text(bytes + bytes)).status()).code;
    EXPECT_EQ(code, ErrorCode::kFileCorrupted);
  }
}

TEST(RecordDamage, ForeignBytesAreErrors) {
  for (const std::string& bytes :
       {std::string(), std::string("\x28\xb5\x2f\xfd", 4), std::string("ARROW1\0\0", 8),
        std::string("PAR1PAR1"), std::string(1000, '\0'), std::string(1000, '\xff'),
        std::string("\x1f\x8b\x08 not ours"), std::string("\x50\x2a\x4d\x18\x04\0\0\0skip", 12)}) {
    EXPECT_TRUE(FailsWith(Deserialize(Text(bytes)).status(), ErrorCode::kFileCorrupted))
        << bytes.size();
  }
}

std::string Mutated(std::string bytes, std::mt19937* random) {
  const auto below = [random](size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(*random);
  };
  const size_t at = below(bytes.size());
  switch (below(5)) {
    case 0:
      bytes.resize(at);
      break;
    case 1:
      bytes.insert(at, std::string(1 + below(9), static_cast<char>(below(256))));
      break;
    case 2:
      bytes.erase(at, 1 + below(16));
      break;
    case 3: {  // a number of 8 bytes that is large, or negative
      const int64_t number = static_cast<int64_t>((*random)()) << below(33);
      const size_t aligned = at / 8 * 8;
      std::memcpy(bytes.data() + aligned, &number,
                  std::min(bytes.size() - aligned, sizeof(number)));
      break;
    }
    default:
      for (size_t i = 0; i <= below(3); ++i) {
        bytes[below(bytes.size())] ^= static_cast<char>(1 << below(8));
      }
  }
  return bytes;
}

/// An error of the bytes, or a batch that is valid; the same one where a checksum is over it.
void CheckMutation(const std::string& bytes, const arrow::RecordBatch& original, bool checksum) {
  const auto read = Deserialize(Text(bytes), {.max_bytes = 64 << 20, .lenient = true});
  if (read.ok()) {
    ASSERT_TRUE((*read)->ValidateFull().ok());
    if (checksum) ASSERT_TRUE((*read)->Equals(original));
    return;
  }
  const ErrorCode code = DescribeError(read.status()).code;
  ASSERT_TRUE(code == ErrorCode::kFileCorrupted || code == ErrorCode::kInvalidData ||
              code == ErrorCode::kInvalidSchema || code == ErrorCode::kTypeMismatch)
      << read.status();
}

TEST(RecordDamage, TenThousandMutationsAreErrorsOrRight) {
  std::mt19937 random(20261122);
  const int64_t before = Pool()->bytes_allocated();
  {
    const auto batch = Documents(60);
    std::vector<std::string> originals;
    for (const RecordEncoding& form : kRecordForms)
      originals.push_back(Serialize(batch, form)->ToString());
    originals.push_back(Plain(batch)->ToString());
    for (int i = 0; i < 10'000; ++i) {
      SCOPED_TRACE(i);
      const size_t form = static_cast<size_t>(i) % originals.size();
      CheckMutation(Mutated(originals[form], &random), *batch, /*checksum=*/form < 2);
      if (HasFatalFailure()) return;
    }
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

}  // namespace
}  // namespace packed::test
