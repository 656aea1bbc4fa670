#include "onnx/folding.hpp"

#include "model/plan.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

cv::Mat asMatrix(const Tensor& tensor) {
  const int rows = static_cast<int>(tensor.shape.front());
  const cv::Mat view(rows, static_cast<int>(tensor.elements()) / rows, CV_32F, tensor.bytes.data);
  cv::Mat matrix;
  view.convertTo(matrix, CV_64F);
  return matrix;
}

Tensor asTensor(const cv::Mat& matrix, std::vector<int64_t> shape) {
  Tensor tensor = Tensor::zeros(std::move(shape));
  CV_Assert(tensor.elements() == static_cast<int64_t>(matrix.total()));
  cv::Mat view(matrix.rows, matrix.cols, CV_32F, tensor.bytes.data);
  matrix.convertTo(view, CV_32F);
  return tensor;
}

Tensor asTensor(const cv::Mat& matrix) {
  return matrix.cols == 1 ? asTensor(matrix, {matrix.rows}) : asTensor(matrix, {matrix.rows, matrix.cols});
}

LinearMap linearOf(const TensorMap& weights, const std::string& name) {
  const cv::Mat weight = asMatrix(weights.at(name + ".weight"));
  const auto bias = weights.find(name + ".bias");
  return {weight, bias == weights.end() ? cv::Mat::zeros(weight.rows, 1, CV_64F) : asMatrix(bias->second)};
}

Affine affineOf(const TensorMap& weights, const std::string& name) {
  return {asMatrix(weights.at(name + ".weight")), asMatrix(weights.at(name + ".bias"))};
}

LinearMap foldedInto(const LinearMap& linear, const Affine& affine) {
  const cv::Mat gains = cv::repeat(affine.gain.t(), linear.weight.rows, 1);  // M x K
  return {linear.weight.mul(gains), linear.bias + linear.weight * affine.bias};
}

LinearMap outputs(const LinearMap& linear, int begin, int end, double factor) {
  return {linear.weight.rowRange(begin, end) * factor, linear.bias.rowRange(begin, end) * factor};
}

LinearMap preprocessing() {
  LinearMap map{cv::Mat::zeros(3, 3, CV_64F), cv::Mat(3, 1, CV_64F)};
  for (int c = 0; c < 3; ++c) {  // R, G, B of the model, position 2 - c of the picture
    const double mean = static_cast<double>(kMean[c]), std = static_cast<double>(kStd[c]);
    map.weight.at<double>(c, 2 - c) = 1 / (255 * std);
    map.bias.at<double>(c) = -mean / std;
  }
  return map;
}

LinearMap foldedPreprocessing(const LinearMap& convolution) {
  const cv::Mat& w = convolution.weight;
  const int pixels = w.cols / 3;
  LinearMap folded{cv::Mat(w.size(), CV_64F), convolution.bias.clone()};
  for (int c = 0; c < 3; ++c) {  // R, G, B of the model, position 2 - c of the picture
    const double mean = static_cast<double>(kMean[c]), std = static_cast<double>(kStd[c]);
    const cv::Mat plane = w.colRange(c * pixels, (c + 1) * pixels);
    cv::Mat(plane / (255.0 * std)).copyTo(folded.weight.colRange((2 - c) * pixels, (3 - c) * pixels));
    cv::Mat sums;
    cv::reduce(plane, sums, 1, cv::REDUCE_SUM);
    folded.bias -= sums * (mean / std);
  }
  return folded;
}

LinearMap channelsLast(const LinearMap& convolution, int channels) {
  const int members = convolution.weight.cols / channels;
  LinearMap moved{cv::Mat(convolution.weight.size(), CV_64F), convolution.bias};
  for (int c = 0; c < channels; ++c)
    for (int k = 0; k < members; ++k)
      convolution.weight.col(c * members + k).copyTo(moved.weight.col(k * channels + c));
  return moved;
}

cv::Mat inReshapeOrder(const cv::Mat& columns, int side) {
  const bool vector = columns.cols == 1;
  const cv::Mat all = vector ? cv::Mat(columns.t()) : columns;
  const std::vector<cv::Point> order = mergingOrder(side);
  const int run = all.cols / static_cast<int>(order.size());
  cv::Mat moved(all.size(), all.type());
  for (int from = 0; from < static_cast<int>(order.size()); ++from) {
    const cv::Point member = order[static_cast<size_t>(from)];
    const int to = member.y * side + member.x;
    all.colRange(from * run, (from + 1) * run).copyTo(moved.colRange(to * run, (to + 1) * run));
  }
  return vector ? cv::Mat(moved.t()) : moved;
}

}  // namespace cv::mixmim
