// Any bytes as a label map, of the size that it claims: an error or values, nothing else; and a second
// decoder finds the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "data_pipeline/image_format.hpp"
#include "data_pipeline/label_map.hpp"
#include "opencv2/mixmim/error.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace mixmim = cv::mixmim;
  static mixmim::LabelMapDecoder decoder;
  const std::vector<uint8_t> bytes(data, data + size);
  try {
    const cv::Size picture = mixmim::claimedSize(mixmim::ImageFormat::kPng, bytes);
    if (int64_t{picture.width} * picture.height > 1 << 20) return 0;
    const cv::Mat values = decoder.decode(bytes, picture);
    const cv::Mat again = mixmim::LabelMapDecoder().decode(bytes, picture).clone();
    for (int y = 0; y < values.rows; ++y)
      if (!std::equal(values.ptr(y), values.ptr(y) + values.cols, again.ptr(y))) std::abort();
    cv::Mat labels = values.clone();
    if (mixmim::applyRule({150, true}, labels) > int64_t{picture.width} * picture.height) std::abort();
  } catch (const mixmim::Error&) {
  }
  return 0;
}
