// Pictures as OpenCV reads them, and as the model sees them in evaluation.
#pragma once

#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// An encoded picture as 8-bit BGR, as cv::mixmim::decodePicture gives it, and the first frame of an animated
/// WebP, which OpenCV does not read before 4.11. Empty where OpenCV cannot read it.
cv::Mat pictureOf(const std::vector<uint8_t>& bytes, Orientation orientation);

/// The same for a file. Throws Error naming it and what it is.
cv::Mat pictureOfFile(const std::string& path, Orientation orientation);

/// The reason why pictureOf() could not read some bytes: "HEIC is not read here; convert it to JPEG or PNG".
std::string whyNoPicture(const std::vector<uint8_t>& bytes);

/// Up to `count` pictures, evenly spread over a data set and always the same ones; those that cannot be read
/// are passed over.
std::vector<cv::Mat> somePictures(const Source& source, int count, Orientation orientation);

/// The pictures as the pipeline would deliver them for evaluation, in one batch without labels.
Batch pictureBatch(const std::vector<cv::Mat>& pictures, const Config& config);

}  // namespace cv::mixmim
