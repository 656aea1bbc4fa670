// Label maps: a class for every pixel of a picture, kept as a PNG of one channel.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The label of pixels that are left out of loss and evaluation.
constexpr int kIgnoredLabel = 255;

/// How many pixels have each value.
using PixelCounts = std::array<int64_t, 256>;
PixelCounts countPixels(const cv::Mat& labels);  ///< `labels` CV_8U

/// Which values of a file are labels.
struct LabelRule {
  int classes = 255;  ///< labels are 0 to classes - 1, and kIgnoredLabel; at most 255 classes
  bool reduceZero =
      false;  ///< 0 in the file is ignored and 1 is class 0, as ADE20K has it; at most 254 classes
};

/// From values to labels, in place: `labels` CV_8U. Returns how many pixels have a class: 0 = there is
/// nothing to learn. Throws Error for a value that is no label, the smallest of them: "label 17, expected 0
/// to 10 or 255".
int64_t applyRule(const LabelRule& rule, cv::Mat& labels);

struct PngState;

/// Reads the values of a PNG as they are stored: the index of a palette, not its colour; 1, 2 and 4 bits
/// without stretching them to 8; of 16 bits the lower 8, where all values are below 256; interlaced or not.
/// Profiles, gamma, transparency and an orientation tag are passed over, because they say nothing of labels.
///
/// One object per thread; it keeps its pixel memory from map to map. Errors: Error, whose message is the
/// reason without a file name: another format, colours, several channels, a value above 255, anything libpng
/// cannot decode.
class LabelMapDecoder {
 public:
  LabelMapDecoder();
  ~LabelMapDecoder();

  /// The values, CV_8U, in memory of the decoder: valid until the next call. Throws Error unless the map has
  /// the size of its `picture`, before memory is allocated for the pixels.
  cv::Mat decode(const std::vector<uint8_t>& bytes, cv::Size picture);

 private:
  std::unique_ptr<PngState> state_;
};

}  // namespace cv::mixmim
