// Any bytes as an image, turned as its orientation tag says: an error or pixels, nothing else; and a decoded
// region is that part of the whole image.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "data_pipeline/decode.hpp"
#include "opencv2/mixmim/error.hpp"

namespace {

/// A rectangle inside `size` that depends on the input, so that every file is also tried with crops.
cv::Rect regionFor(const std::vector<uint8_t>& bytes, cv::Size size) {
  uint32_t state = static_cast<uint32_t>(bytes.size());
  for (const uint8_t byte : bytes) state = state * 31 + byte;
  const auto below = [&](int n) {
    state = state * 1664525u + 1013904223u;
    return static_cast<int>((state >> 8) % static_cast<uint32_t>(n));
  };
  const int x = below(size.width), y = below(size.height);
  return {x, y, 1 + below(size.width - x), 1 + below(size.height - y)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static cv::mixmim::ImageDecoder decoder({/*pixels=*/1 << 20, /*scans=*/20});
  const std::vector<uint8_t> bytes(data, data + size);
  try {
    const cv::Size whole = decoder.open(bytes, cv::mixmim::Orientation::kApply).size;
    const cv::Mat pixels = decoder.decode(cv::Rect({}, whole)).clone();
    const cv::Rect region = regionFor(bytes, whole);
    decoder.open(bytes, cv::mixmim::Orientation::kApply);
    const cv::Mat part = decoder.decode(region), expected = pixels(region);
    for (int y = 0; y < part.rows; ++y)
      if (!std::equal(part.ptr(y), part.ptr(y) + 3 * part.cols, expected.ptr(y))) std::abort();
  } catch (const cv::mixmim::Error&) {
  }
  return 0;
}
