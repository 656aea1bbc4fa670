// The arithmetic that makes the exported graph small: affine maps that follow each other become one. All in
// float64.
#pragma once

#include <string>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// x -> weight * x + bias. weight: M x K, bias: M x 1, CV_64F.
struct LinearMap {
  cv::Mat weight, bias;
};

/// The affine map after a normalisation: x -> gain * x + bias, per channel. Both K x 1, CV_64F.
struct Affine {
  cv::Mat gain, bias;
};

/// A float32 tensor as a matrix: first dimension x all others, CV_64F.
cv::Mat asMatrix(const Tensor& tensor);
/// Back to float32, of any shape with as many elements.
Tensor asTensor(const cv::Mat& matrix, std::vector<int64_t> shape);
/// Its natural shape: M x K, or M where there is one column.
Tensor asTensor(const cv::Mat& matrix);

/// "<name>.weight" and "<name>.bias"; a linear without bias gets zeros.
LinearMap linearOf(const TensorMap& weights, const std::string& name);
Affine affineOf(const TensorMap& weights, const std::string& name);

/// `linear` applied to the result of `affine`: W' = W diag(gain), c' = c + W bias.
LinearMap foldedInto(const LinearMap& linear, const Affine& affine);
/// Outputs begin .. end - 1, times `factor`.
LinearMap outputs(const LinearMap& linear, int begin, int end, double factor = 1.0);

/// B, G, R in 0..255 -> R, G, B normalised by mean and std.
LinearMap preprocessing();
/// Patch convolution C x (3 * patch^2) for R, G, B normalised by mean and std -> the same for B, G, R in
/// 0..255. There is no padding, so this is exact.
LinearMap foldedPreprocessing(const LinearMap& convolution);

/// A convolution whose inputs stand channel by channel -> of the same pixels or tokens side by side, all
/// channels of each together. The windows must not reach outside.
LinearMap channelsLast(const LinearMap& convolution, int channels);

/// Patch merging concatenates side x side tokens in mergingOrder(); a reshape delivers them row by row. Moves
/// the columns (or the rows of a vector) accordingly, a run for each token.
cv::Mat inReshapeOrder(const cv::Mat& columns, int side);

}  // namespace cv::mixmim
