// A tile unit in plain loops, for any processor.
#pragma once

#define MIXMIM_TILE_UNIT  // products go by tiles (compiled_for.hpp)

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace cv::mixmim {

namespace {

/// The work of AMX in plain loops, except for numbers below 2^-126, which AMX takes for 0.
class TileUnit {
 public:
  template <int kTile>
  void zero() {
    std::memset(tiles_[kTile], 0, kBytes);
  }
  template <int kTile>
  void load(const float* from, int64_t step) {
    for (int64_t row = 0; row < kRowsOfTile; ++row)
      std::memcpy(tiles_[kTile][row], reinterpret_cast<const char*>(from) + row * step, kBytes / kRowsOfTile);
  }
  template <int kTile>
  void store(float* to, int64_t step) const {
    for (int64_t row = 0; row < kRowsOfTile; ++row)
      std::memcpy(reinterpret_cast<char*>(to) + row * step, tiles_[kTile][row], kBytes / kRowsOfTile);
  }
  /// In the order of the processor's manual: 32 products are added to each other first, then to the sum.
  template <int kSums, int kLeft, int kRight>
  void addProducts() {
    for (int row = 0; row < kRowsOfTile; ++row) {
      float even[kRowsOfTile] = {}, odd[kRowsOfTile] = {};
      for (int pair = 0; pair < kRowsOfTile; ++pair)
        for (int column = 0; column < kRowsOfTile; ++column) {
          const uint32_t left = tiles_[kLeft][row][pair], right = tiles_[kRight][pair][column];
          even[column] += lower(left) * lower(right);
          odd[column] += upper(left) * upper(right);
        }
      for (int column = 0; column < kRowsOfTile; ++column) {
        uint32_t& sum = tiles_[kSums][row][column];
        sum = asWord(asFloat(sum) + (even[column] + odd[column]));
      }
    }
  }

 private:
  static constexpr int kRowsOfTile = 16;
  static constexpr size_t kBytes = 1024;

  static float asFloat(uint32_t word) {
    float number;
    std::memcpy(&number, &word, sizeof number);
    return number;
  }
  static uint32_t asWord(float number) {
    uint32_t word;
    std::memcpy(&word, &number, sizeof word);
    return word;
  }
  static float lower(uint32_t word) { return asFloat(word << 16); }
  static float upper(uint32_t word) { return asFloat(word & 0xffff0000U); }

  uint32_t tiles_[8][kRowsOfTile][kRowsOfTile];
};

}  // namespace

}  // namespace cv::mixmim
