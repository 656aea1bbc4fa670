#include "kernels/int8.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace cv::mixmim {
namespace {

std::vector<float> numbers(size_t count, float from, float to, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> result(count);
  for (float& number : result) number = from + (to - from) * static_cast<float>(random() % 100001) / 100000.f;
  return result;
}

/// The kernels work by the register; rows end anywhere.
constexpr size_t kLengths[] = {1, 3, 4, 15, 16, 17, 48, 100, 512};

TEST(Int8Kernels, KeepEveryNumberToHalfAStep) {
  for (const Int8Kernels* kernels : int8Kernels())
    for (const size_t count : kLengths) {
      SCOPED_TRACE(std::string(kernels->name) + " " + std::to_string(count));
      const std::vector<float> x = numbers(count, -3.7f, 1.2f, 1);
      std::vector<uint8_t> bytes(count + 1, 77);
      const ByteRow row = kernels->quantize(x.data(), static_cast<int64_t>(count), bytes.data());
      for (size_t i = 0; i < count; ++i)
        ASSERT_NEAR(row.least + row.step * bytes[i], x[i], 0.5001 * row.step + 1e-6) << i;
      EXPECT_EQ(bytes[count], 77) << "wrote past the row";
    }
}

TEST(Int8Kernels, UseTheWholeRange) {
  for (const Int8Kernels* kernels : int8Kernels()) {
    std::vector<float> x = numbers(40, -1, 1, 2);
    x[7] = -2;
    x[39] = 3;
    std::vector<uint8_t> bytes(40);
    const ByteRow row = kernels->quantize(x.data(), 40, bytes.data());
    EXPECT_EQ(bytes[7], 0);
    EXPECT_EQ(bytes[39], 255);
    EXPECT_FLOAT_EQ(row.least, -2);
    EXPECT_FLOAT_EQ(row.step, 5.f / 255);
  }
}

TEST(Int8Kernels, RowsOfOneNumberAreExact) {
  for (const Int8Kernels* kernels : int8Kernels()) {
    const std::vector<float> x(33, 0.3f);
    std::vector<uint8_t> bytes(33);
    const ByteRow row = kernels->quantize(x.data(), 33, bytes.data());
    for (const uint8_t byte : bytes) EXPECT_EQ(row.least + row.step * byte, 0.3f);
  }
}

TEST(Int8Kernels, FinishByTheFormula) {
  for (const Int8Kernels* kernels : int8Kernels())
    for (const size_t count : kLengths) {
      SCOPED_TRACE(std::string(kernels->name) + " " + std::to_string(count));
      const std::vector<float> step = numbers(count, 0.001f, 0.02f, 3), sum = numbers(count, -2, 2, 4),
                               bias = numbers(count, -1, 1, 5), before = numbers(count, -9, 9, 6);
      std::vector<int32_t> sums(count);
      std::mt19937 random(7);
      for (int32_t& value : sums) value = static_cast<int32_t>(random() % 2000001) - 1000000;
      const ByteRow row{-1.5f, 0.01f};
      const ByteColumns columns{static_cast<int64_t>(count), step.data(), sum.data(), bias.data()};
      std::vector<float> stored(count), added = before, inPlace(count);
      std::copy(sums.begin(), sums.end(), reinterpret_cast<int32_t*>(inPlace.data()));
      kernels->finish(sums.data(), row, columns, stored.data());
      kernels->finishAdding(sums.data(), row, columns, added.data());
      kernels->finish(reinterpret_cast<const int32_t*>(inPlace.data()), row, columns, inPlace.data());
      for (size_t i = 0; i < count; ++i) {
        const double wanted = double{row.step} * double{step[i]} * sums[i] +
                              double{row.least} * double{sum[i]} + double{bias[i]};
        ASSERT_NEAR(stored[i], wanted, 1e-5 * (1 + std::abs(wanted))) << i;
        ASSERT_NEAR(added[i], wanted + double{before[i]}, 1e-5 * (10 + std::abs(wanted))) << i;
        ASSERT_EQ(inPlace[i], stored[i]) << i;
      }
    }
}

}  // namespace
}  // namespace cv::mixmim
