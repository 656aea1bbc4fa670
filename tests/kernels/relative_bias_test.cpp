#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "kernels/attention.hpp"

namespace cv::mixmim {
namespace {

/// Whole windows narrower than a register, as wide, wider, and no multiple of it; windows that are not
/// square; pieces at a border.
constexpr WindowPiece kPieces[] = {
    {1, 1, 1, 1},     {2, 2, 2, 2},     {3, 3, 3, 3},     {7, 7, 7, 7},   {12, 12, 12, 12}, {14, 14, 14, 14},
    {16, 16, 16, 16}, {17, 17, 17, 17}, {24, 24, 24, 24}, {7, 4, 7, 4},   {2, 9, 2, 9},     {7, 7, 3, 4},
    {7, 7, 4, 3},     {7, 7, 7, 3},     {14, 14, 7, 14},  {18, 5, 17, 1}, {5, 18, 1, 17},   {24, 24, 12, 12},
};

TEST(RelativeBias, IsTheTablesNumberForEveryStepBetweenTwoTokens) {
  for (const AttentionKernels* kernels : attentionKernels())
    for (const WindowPiece& piece : kPieces) {
      SCOPED_TRACE(std::string(kernels->name) + ", " + std::to_string(piece.width) + " x " +
                   std::to_string(piece.height) + " of " + std::to_string(piece.windowWidth) + " x " +
                   std::to_string(piece.windowHeight));
      const int tableWidth = 2 * piece.windowWidth - 1, tableHeight = 2 * piece.windowHeight - 1;
      const int tokens = piece.width * piece.height, padded = static_cast<int>(paddedKeys(tokens));
      std::vector<float> table(static_cast<size_t>(tableWidth * tableHeight + kKeyMultiple), -1);
      for (int i = 0; i < tableWidth * tableHeight; ++i)
        table[static_cast<size_t>(i)] = static_cast<float>(i);
      std::vector<float> bias(static_cast<size_t>(tokens * padded + kKeyMultiple + 1), -7);
      kernels->relativeBias(table.data(), piece, bias.data());
      for (int query = 0; query < tokens; ++query)
        for (int key = 0; key < padded; ++key) {
          const int y = key / piece.width - query / piece.width + piece.windowHeight - 1;
          const int x = key % piece.width - query % piece.width + piece.windowWidth - 1;
          const float expected =
              key < tokens ? static_cast<float>(y * tableWidth + x) : -std::numeric_limits<float>::infinity();
          ASSERT_EQ(bias[static_cast<size_t>(query * padded + key)], expected) << query << ", " << key;
        }
      EXPECT_EQ(bias.back(), -7) << "wrote past the room it asks for";
    }
}

}  // namespace
}  // namespace cv::mixmim
