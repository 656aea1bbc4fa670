// Pictures as OpenCV reads them, and as the model sees them in evaluation.
#pragma once

#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/train/batch.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// BGR, orientation tags ignored as in training. Throws Error when OpenCV cannot read it.
cv::Mat readPicture(const std::string& path);

/// The same from an encoded file in memory; empty when OpenCV cannot read it.
cv::Mat decodePicture(const std::vector<uint8_t>& bytes);

/// What to say of bytes that decodePicture() could not read: "HEIC is not read here; convert it to JPEG or
/// PNG".
std::string whyNoPicture(const std::vector<uint8_t>& bytes);

/// Up to `count` pictures, evenly spread over a data set and always the same ones; those that cannot be read
/// are passed over.
std::vector<cv::Mat> somePictures(const Source& source, int count);

/// The pictures as the pipeline would deliver them for evaluation, in one batch without labels.
Batch pictureBatch(const std::vector<cv::Mat>& pictures, const Config& config);

}  // namespace cv::mixmim
