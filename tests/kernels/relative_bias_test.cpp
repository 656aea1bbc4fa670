#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "kernels/attention.hpp"

namespace cv::mixmim {
namespace {

/// Windows narrower than a register, as wide, wider, and no multiple of it.
constexpr int kSides[] = {1, 2, 3, 7, 12, 14, 16, 17, 24};

TEST(RelativeBias, IsTheTablesNumberForEveryStepBetweenTwoTokens) {
  for (const AttentionKernels* kernels : attentionKernels())
    for (const int side : kSides) {
      SCOPED_TRACE(std::string(kernels->name) + ", side " + std::to_string(side));
      const int tableSide = 2 * side - 1, tokens = side * side, padded = static_cast<int>(paddedKeys(tokens));
      std::vector<float> table(static_cast<size_t>(tableSide * tableSide + kKeyMultiple), -1);
      for (int i = 0; i < tableSide * tableSide; ++i) table[static_cast<size_t>(i)] = static_cast<float>(i);
      std::vector<float> bias(static_cast<size_t>(tokens * padded + kKeyMultiple + 1), -7);
      kernels->relativeBias(table.data(), side, bias.data());
      for (int query = 0; query < tokens; ++query)
        for (int key = 0; key < padded; ++key) {
          const int y = key / side - query / side + side - 1, x = key % side - query % side + side - 1;
          const float expected =
              key < tokens ? static_cast<float>(y * tableSide + x) : -std::numeric_limits<float>::infinity();
          ASSERT_EQ(bias[static_cast<size_t>(query * padded + key)], expected) << query << ", " << key;
        }
      EXPECT_EQ(bias.back(), -7) << "wrote past the room it asks for";
    }
}

}  // namespace
}  // namespace cv::mixmim
