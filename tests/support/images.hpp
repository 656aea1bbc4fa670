// Pictures made in code, and a hash to compare pixels by.
#pragma once

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <opencv2/core.hpp>
#include <opencv2/imgcodecs.hpp>

namespace cv::mixmim::test {

/// Noise of an 8-bit type, the same as in tests/golden/resample.py: the upper bytes of a linear congruential
/// generator, every third value 0 or 255.
inline cv::Mat noise(cv::Size size, int type, uint32_t state = 1) {
  cv::Mat image(size, type);
  const size_t count = image.total() * image.elemSize();
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525u + 1013904223u;
    const uint32_t value = state >> 24;
    image.data[i] = static_cast<uint8_t>(i % 3 != 0 ? value : (value % 2 != 0 ? 255 : 0));
  }
  return image;
}

/// A smooth colour picture (BGR) that differs with `number`: what JPEG was made for.
inline cv::Mat picture(cv::Size size, int number = 0) {
  cv::Mat image(size, CV_8UC3);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      for (int c = 0; c < 3; ++c) {
        const double wave =
            std::sin(0.11 * x + 0.7 * c + number) + std::cos(0.07 * y * (c + 1) - 0.3 * number);
        image.at<cv::Vec3b>(y, x)[c] = cv::saturate_cast<uint8_t>(127 + 60 * wave);
      }
  return image;
}

/// The file a picture becomes: encoded(picture({64, 48}), ".jpg").
inline std::vector<uint8_t> encoded(const cv::Mat& image, const std::string& extension,
                                    const std::vector<int>& parameters = {}) {
  std::vector<uint8_t> bytes;
  if (!cv::imencode(extension, image, bytes, parameters))
    throw std::runtime_error("cannot encode " + extension);
  return bytes;
}

/// FNV-1a, 64 bits, over the pixels in row order.
inline uint64_t hashOf(const cv::Mat& image) {
  const cv::Mat whole = image.isContinuous() ? image : image.clone();
  uint64_t hash = 0xcbf29ce484222325u;
  const size_t count = whole.total() * whole.elemSize();
  for (size_t i = 0; i < count; ++i) hash = (hash ^ whole.data[i]) * 0x100000001b3u;
  return hash;
}

/// Same size, same type, same bytes.
inline bool equal(const cv::Mat& a, const cv::Mat& b) {
  return a.type() == b.type() && a.size == b.size && hashOf(a) == hashOf(b);
}

}  // namespace cv::mixmim::test
