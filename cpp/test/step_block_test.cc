#include "step_block.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

#include "gtest/gtest.h"

#include "packed/memory.h"

namespace packed {
namespace {

std::shared_ptr<arrow::Buffer> Take(StepBlock* block, int64_t bytes) {
  auto taken = block->Take(bytes);
  EXPECT_TRUE(taken.ok()) << taken.status();
  return *taken;
}

TEST(StepBlock, NarrowColumnsAreAlignedPartsOfOneAllocation) {
  const int64_t before = Pool()->bytes_allocated();
  {
    StepBlock block;
    const std::vector<int64_t> sizes = {100, 64, 8001, 1};
    for (const int64_t bytes : sizes) block.Expect(bytes);
    std::vector<std::shared_ptr<arrow::Buffer>> parts;
    for (const int64_t bytes : sizes) parts.push_back(Take(&block, bytes));
    const auto whole = parts[0]->parent();
    ASSERT_NE(whole, nullptr);
    EXPECT_EQ(whole->size(), 128 + 64 + 8064 + 64);
    int64_t place = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
      EXPECT_EQ(parts[i]->parent(), whole);
      EXPECT_EQ(parts[i]->size(), sizes[i]);
      EXPECT_TRUE(parts[i]->is_mutable());
      EXPECT_EQ(parts[i]->data() - whole->data(), place);
      const int64_t next =
          i + 1 < parts.size() ? parts[i + 1]->data() - whole->data() : whole->size();
      EXPECT_TRUE(std::all_of(whole->data() + place + sizes[i], whole->data() + next,
                              [](uint8_t byte) { return byte == 0; }));
      place = next;
    }
  }
  EXPECT_EQ(Pool()->bytes_allocated(), before);
}

TEST(StepBlock, WideLoneAndUnexpectedColumnsHaveTheirOwn) {
  StepBlock wide;
  wide.Expect(1 << 20);
  wide.Expect(64);
  EXPECT_EQ(Take(&wide, 1 << 20)->parent(), nullptr);
  EXPECT_EQ(Take(&wide, 64)->parent(), nullptr);

  StepBlock pair;
  pair.Expect(64);
  pair.Expect(64);
  EXPECT_NE(Take(&pair, 64)->parent(), nullptr);
  EXPECT_NE(Take(&pair, 64)->parent(), nullptr);
  EXPECT_EQ(Take(&pair, 64)->parent(), nullptr);

  StepBlock none;
  EXPECT_EQ(Take(&none, 0)->size(), 0);
  EXPECT_EQ(Take(&none, 10)->parent(), nullptr);
}

}  // namespace
}  // namespace packed
