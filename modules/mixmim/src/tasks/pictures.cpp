#include "tasks/pictures.hpp"

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

/// Any picture OpenCV reads -> 8-bit BGR.
cv::Mat asBgr(const cv::Mat& image, size_t index, const char* where) {
  if (image.empty()) throw Error(where, fmt::format("image {} is empty", index), "was the file read?");
  if (image.dims != 2)
    throw Error(where,
                fmt::format("expected a picture of 2 dimensions, got {} in image {}", image.dims, index));
  cv::Mat bgr;
  switch (image.depth() == CV_8U ? image.channels() : 0) {
    case 1:
      cv::cvtColor(image, bgr, cv::COLOR_GRAY2BGR);
      return bgr;
    case 3:
      return image;
    case 4:
      cv::cvtColor(image, bgr, cv::COLOR_BGRA2BGR);
      return bgr;
    default:
      throw Error(where, fmt::format("expected 8 bits and 1, 3 or 4 channels, got {} in image {}",
                                     std::string(cv::typeToString(image.type())), index));
  }
}

}  // namespace

bool isList(cv::InputArray input) {
  return input.kind() == cv::_InputArray::STD_VECTOR_MAT ||
         input.kind() == cv::_InputArray::STD_VECTOR_UMAT || input.kind() == cv::_InputArray::STD_ARRAY_MAT;
}

std::vector<cv::Mat> bgrPictures(cv::InputArrayOfArrays input, const char* where) {
  std::vector<cv::Mat> images;
  if (isList(input))
    input.getMatVector(images);
  else if (input.isMat() || input.isUMat())
    images.push_back(input.getMat());
  else if (input.kind() != cv::_InputArray::NONE)  // OpenCV takes the bytes of a file for one row of pixels
    throw Error(where, "expected a cv::Mat, a cv::UMat or a list of them, got another kind of array",
                "decode files with cv::imread or cv::imdecode");
  if (images.empty()) throw Error(where, "expected at least one image, got none");
  for (size_t i = 0; i < images.size(); ++i) images[i] = asBgr(images[i], i, where);
  return images;
}

}  // namespace cv::mixmim
