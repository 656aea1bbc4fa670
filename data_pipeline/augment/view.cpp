#include "data_pipeline/view.hpp"

#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

View evaluationView(cv::Size image, cv::Size imageSize, const EvalView& view) {
  const EvalGeometry seen = evalGeometry(image, imageSize, view);
  const double x = static_cast<double>(image.width) / seen.resized.width,
               y = static_cast<double>(image.height) / seen.resized.height;
  return {{seen.crop.x * x, seen.crop.y * y, seen.crop.width * x, seen.crop.height * y}, seen.crop.size()};
}

}  // namespace cv::mixmim
