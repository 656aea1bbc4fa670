// Pictures as OpenCV reads them, and as the model sees them in evaluation.
#pragma once

#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// The picture of a file as decodePicture gives it. Throws Error naming the file and what it is.
cv::Mat pictureOfFile(const std::string& path, Orientation orientation);

/// The reason why decodePicture() could not read some bytes: "HEIC is not read here; convert it to JPEG or
/// PNG".
std::string whyNoPicture(const std::vector<uint8_t>& bytes);

/// Up to `count` pictures, evenly spread over a data set and always the same ones; those that cannot be read
/// are passed over.
std::vector<cv::Mat> somePictures(const Source& source, int count, Orientation orientation);

/// The pictures as the pipeline would deliver them for evaluation, in one batch without labels.
Batch pictureBatch(const std::vector<cv::Mat>& pictures, const Config& config);

}  // namespace cv::mixmim
