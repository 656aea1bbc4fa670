#include "targets/label_maps.hpp"

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

template <class Read>
auto namedBy(const Source& source, int64_t index, const Read& read) {
  try {
    return read();
  } catch (const cv::Exception& failure) {
    throw Error(source.maskPlace(index), failure.err);
  }
}

}  // namespace

cv::Mat valuesOf(const Source& source, int64_t index, const std::vector<uint8_t>& bytes, cv::Size picture,
                 LabelMapDecoder& decoder) {
  return namedBy(source, index, [&] { return decoder.decode(bytes, picture); });
}

PixelLabels labelsOf(const Source& source, int64_t index, const std::vector<uint8_t>& bytes, cv::Size picture,
                     const LabelRule& rule, LabelMapDecoder& decoder) {
  return namedBy(source, index, [&] {
    PixelLabels map{decoder.decode(bytes, picture)};
    map.labelled = applyRule(rule, map.labels);
    return map;
  });
}

}  // namespace cv::mixmim
