#include "inputs/picture_batch.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <opencv2/imgproc.hpp>

#include "data_pipeline/image_format.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace {

cv::Mat pictureAt(const Source& source, int64_t index, Orientation orientation) {
  try {
    std::vector<uint8_t> bytes;
    source.read(index, bytes);
    return decodePicture(bytes, orientation);
  } catch (const cv::Exception&) {
    return {};  // `mixmim check` lists it, and so does the run when it comes to this image
  }
}

}  // namespace

cv::Mat pictureOfFile(const std::string& path, Orientation orientation) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
  cv::Mat picture = decodePicture(bytes, orientation);
  if (picture.empty()) throw Error(path, whyNoPicture(bytes));
  return picture;
}

std::string whyNoPicture(const std::vector<uint8_t>& bytes) {
  const ImageFormat format = formatOf(bytes);
  const std::string reason = whyNotRead(format);
  return format == ImageFormat::kUnknown || reason.empty() ? "is not a picture that OpenCV can read" : reason;
}

std::vector<cv::Mat> somePictures(const Source& source, int count, Orientation orientation) {
  std::vector<cv::Mat> pictures;
  const int64_t wanted = std::min<int64_t>(count, source.size());
  for (int64_t i = 0; i < wanted; ++i) {
    // The middle of the i-th of equal parts.
    const cv::Mat picture = pictureAt(source, (2 * i + 1) * source.size() / (2 * wanted), orientation);
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
    evalTransform(pictures[static_cast<size_t>(i)], size, config.augment.evalView(), resampler, seen);
    cv::cvtColor(seen, slot, cv::COLOR_BGR2RGB);
  }
  return batch;
}

}  // namespace cv::mixmim
