#include "data_pipeline/source.hpp"

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

std::vector<int> Source::labelsOf(int64_t index) const {
  const int one = label(index);
  return one < 0 ? std::vector<int>() : std::vector<int>{one};
}

void Source::readMask(int64_t index, std::vector<uint8_t>&) const {
  throw Error(place(index), "has no label map");
}

std::string Source::maskPlace(int64_t) const {
  return {};
}

int64_t Source::offset(int64_t) const {
  return 0;
}

std::string placeText(const std::string& path, int64_t offset) {
  return offset > 0 ? path + ":" + std::to_string(offset) : path;
}

}  // namespace cv::mixmim
