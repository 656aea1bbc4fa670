#include "inputs/picture_batch.hpp"

#include <algorithm>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

constexpr int kFlags = cv::IMREAD_COLOR | cv::IMREAD_IGNORE_ORIENTATION;

cv::Mat pictureAt(const Source& source, int64_t index) {
  try {
    std::vector<uint8_t> bytes;
    source.read(index, bytes);
    return decodePicture(bytes);
  } catch (const cv::Exception&) {
    return {};  // `mixmim check` lists it, and so does the run when it comes to this image
  }
}

}  // namespace

cv::Mat readPicture(const std::string& path) {
  cv::Mat picture = cv::imread(path, kFlags);
  if (picture.empty()) throw Error(path, "is not a picture that OpenCV can read");
  return picture;
}

cv::Mat decodePicture(const std::vector<uint8_t>& bytes) {
  return bytes.empty() ? cv::Mat() : cv::imdecode(bytes, kFlags);
}

std::vector<cv::Mat> somePictures(const Source& source, int count) {
  std::vector<cv::Mat> pictures;
  const int64_t wanted = std::min<int64_t>(count, source.size());
  for (int64_t i = 0; i < wanted; ++i) {
    // The middle of the i-th of equal parts.
    const cv::Mat picture = pictureAt(source, (2 * i + 1) * source.size() / (2 * wanted));
    if (!picture.empty()) pictures.push_back(picture);
  }
  return pictures;
}

Batch pictureBatch(const std::vector<cv::Mat>& pictures, const Config& config) {
  const int count = static_cast<int>(pictures.size());
  const cv::Size size = config.model.imageSize;
  const int shape[] = {count, size.height, size.width, 3};
  Batch batch;
  batch.images.create(4, shape, CV_8U);
  batch.count = count;
  Resampler resampler;
  for (int i = 0; i < count; ++i) {
    cv::Mat seen, slot = batch.picture(i);
    evalTransform(pictures[static_cast<size_t>(i)], size, config.augment.evalCrop, resampler, seen);
    cv::cvtColor(seen, slot, cv::COLOR_BGR2RGB);
  }
  return batch;
}

}  // namespace cv::mixmim
