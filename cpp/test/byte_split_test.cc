#include "byte_split.h"

#include <cstdint>
#include <numeric>
#include <vector>

#include "gtest/gtest.h"

namespace packed {
namespace {

TEST(ByteSplit, PutsEveryByteWhereItBelongs) {
  for (const int64_t rows : {0, 1, 15, 16, 17, 64, 65, 200}) {
    for (const int64_t width : {1, 4, 8, 16, 20, 512, 1024, 1111}) {
      std::vector<uint8_t> values(rows * width);
      std::iota(values.begin(), values.end(), 1);
      std::vector<uint8_t> out(values.size());
      SplitBytes(values.data(), rows, width, out.data());
      for (int64_t i = 0; i < rows; ++i) {
        for (int64_t j = 0; j < width; ++j) {
          ASSERT_EQ(out[j * rows + i], values[i * width + j]) << rows << " x " << width;
        }
      }
    }
  }
}

}  // namespace
}  // namespace packed
