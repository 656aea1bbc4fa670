#include "inputs/picture_batch.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data_pipeline/image_format.hpp"
#include "data_pipeline/webp_frame.hpp"
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

/// Of an animated WebP, which not every OpenCV reads; else an empty picture.
cv::Mat firstPicture(const std::vector<uint8_t>& bytes) {
  try {
    const std::optional<WebpFrame> frame = firstFrameOf(bytes);
    return frame ? frame->onCanvas(cv::imdecode(frame->file, kFlags)) : cv::Mat();
  } catch (const Error&) {
    return {};  // damaged
  }
}

}  // namespace

cv::Mat readPicture(const std::string& path) {
  cv::Mat picture = cv::imread(path, kFlags);
  if (!picture.empty()) return picture;
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> content(std::istreambuf_iterator<char>(file), {});
  const std::vector<uint8_t> bytes(content.begin(), content.end());
  picture = decodePicture(bytes);
  if (picture.empty()) throw Error(path, whyNoPicture(bytes));
  return picture;
}

cv::Mat decodePicture(const std::vector<uint8_t>& bytes) {
  if (bytes.empty()) return {};
  const cv::Mat picture = cv::imdecode(bytes, kFlags);
  return picture.empty() ? firstPicture(bytes) : picture;
}

std::string whyNoPicture(const std::vector<uint8_t>& bytes) {
  const ImageFormat format = formatOf(bytes);
  const std::string reason = whyNotRead(format);
  return format == ImageFormat::kUnknown || reason.empty() ? "is not a picture that OpenCV can read" : reason;
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
