// Segmentation: the labels of a picture's pixels, from the file that holds them.
#pragma once

#include <cstdint>
#include <vector>

#include "data_pipeline/label_map.hpp"
#include "data_pipeline/source.hpp"

namespace cv::mixmim {

/// The label map of picture `index`, whose size is `picture`, out of the bytes that source.readMask()
/// brought; as stored, in memory of the decoder. Errors: Error that begins with the place of the map, and
/// makes the pair a bad one.
cv::Mat valuesOf(const Source& source, int64_t index, const std::vector<uint8_t>& bytes, cv::Size picture,
                 LabelMapDecoder& decoder);

struct PixelLabels {
  cv::Mat labels;        ///< CV_8U, in memory of the decoder
  int64_t labelled = 0;  ///< pixels that have a class; 0 = there is nothing to learn
};

/// The same as labels.
PixelLabels labelsOf(const Source& source, int64_t index, const std::vector<uint8_t>& bytes, cv::Size picture,
                     const LabelRule& rule, LabelMapDecoder& decoder);

}  // namespace cv::mixmim
