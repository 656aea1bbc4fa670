#include "report/page/embedded_picture.hpp"

#include <algorithm>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data_pipeline/decode.hpp"
#include "model_io/files/base64.hpp"
#include "opencv2/mixmim/error.hpp"
#include "report/records/record_files.hpp"

namespace cv::mixmim::report {

namespace {

constexpr size_t kMostBytes = 32 << 20;
constexpr int64_t kMostPixels = 40'000'000;

/// BGR.
cv::Mat decoded(const std::string& bytes, const std::string& where) {
  const std::vector<uint8_t> file(bytes.begin(), bytes.end());
  ImageDecoder decoder(DecodeLimits{kMostPixels});
  try {
    const cv::Size size = decoder.open(file).size;
    cv::Mat picture;
    cv::cvtColor(decoder.decode({{0, 0}, size}), picture, cv::COLOR_RGB2BGR);
    return picture;
  } catch (const Error& e) {
    throw Error(where, e.what());
  }
}

}  // namespace

EmbeddedPicture embedPicture(const std::filesystem::path& path, int widest) {
  const auto bytes = readSmallFile(path, kMostBytes);
  if (!bytes) throw Error(path.string(), "is missing");
  cv::Mat picture = decoded(*bytes, path.string());
  if (picture.cols > widest) {
    const int height = std::max(1, cvRound(double{1} * picture.rows * widest / picture.cols));
    cv::resize(picture, picture, {widest, height}, 0, 0, cv::INTER_AREA);
  }
  std::vector<uint8_t> jpeg;
  cv::imencode(".jpg", picture, jpeg, {cv::IMWRITE_JPEG_QUALITY, 88});
  return {"data:image/jpeg;base64," + toBase64(jpeg.data(), jpeg.size()), picture.size()};
}

}  // namespace cv::mixmim::report
