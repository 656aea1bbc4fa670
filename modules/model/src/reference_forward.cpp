#include "model/reference_forward.hpp"

#include <algorithm>
#include <cmath>

#include "model/parameters.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "opencv2/mixmim/train/geometry.hpp"

namespace cv::mixmim {

namespace {

/// a (M x K) times the transpose of b (N x K), CV_64F. cv::gemm takes five times as long without a tuned BLAS
/// behind it. Sums run over k in order, so the result does not depend on the threads.
cv::Mat product(const cv::Mat& a, const cv::Mat& b) {
  constexpr int kRows = 2, kCols = 4;  // one tile of c lives in registers
  cv::Mat c(a.rows, b.rows, CV_64F);
  const int depth = a.cols;
  cv::parallel_for_({0, (b.rows + kCols - 1) / kCols}, [&](const cv::Range& tiles) {
    std::vector<double> packed(static_cast<size_t>(depth) * kCols);  // kCols rows of b, side by side
    for (int tile = tiles.start; tile < tiles.end; ++tile) {
      const int col = tile * kCols, cols = std::min(kCols, b.rows - col);
      double* next = packed.data();
      for (int k = 0; k < depth; ++k)
        for (int n = 0; n < kCols; ++n) *next++ = b.at<double>(col + std::min(n, cols - 1), k);
      for (int row = 0; row < a.rows; row += kRows) {
        const double* x0 = a.ptr<double>(row);
        const double* x1 = a.ptr<double>(std::min(row + 1, a.rows - 1));
        double sum[kRows][kCols] = {};
        const double* w = packed.data();
        for (int k = 0; k < depth; ++k, w += kCols)
          for (int n = 0; n < kCols; ++n) {
            sum[0][n] += x0[k] * w[n];
            sum[1][n] += x1[k] * w[n];
          }
        for (int m = 0; m < std::min(kRows, a.rows - row); ++m)
          std::copy_n(sum[m], cols, c.ptr<double>(row + m) + col);
      }
    }
  });
  return c;
}

double gelu(double x) {
  return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

/// Each row to positive numbers that add up to 1.
void softmaxRows(cv::Mat& scores) {
  for (int i = 0; i < scores.rows; ++i) {
    double* row = scores.ptr<double>(i);
    const double largest = *std::max_element(row, row + scores.cols);
    double sum = 0;
    for (int j = 0; j < scores.cols; ++j) sum += row[j] = std::exp(row[j] - largest);
    for (int j = 0; j < scores.cols; ++j) row[j] /= sum;
  }
}

/// Tokens x C in raster order -> 1 x C x g x g.
cv::Mat asMap(const cv::Mat& tokens) {
  const int side = static_cast<int>(std::lround(std::sqrt(tokens.rows)));
  const int shape[] = {1, tokens.cols, side, side};
  return cv::Mat(tokens.t()).reshape(1, 4, shape).clone();
}

/// Token matrices are tokens x channels, CV_64F, tokens in raster order.
class Model {
 public:
  Model(const TensorMap& weights, const ModelConfig& config)
      : weights_(weights), geometry_(geometryOf(config)) {}

  /// planes: 3 x S x S -> the tokens after the last block of every stage.
  std::vector<cv::Mat> stages(const float* planes) const {
    std::vector<cv::Mat> all;
    cv::Mat x = layerNorm(linear(patches(planes), "patch_embed.proj"), "patch_embed.norm");
    x += matrix("absolute_pos_embed").reshape(1, x.rows);
    for (size_t s = 0; s < geometry_.stages.size(); ++s) {
      const std::string layer = "layers." + std::to_string(s);
      for (int n = 0; n < geometry_.stages[s].depth; ++n)
        block(x, layer + ".blocks." + std::to_string(n), geometry_.stages[s]);
      all.push_back(x);
      if (s + 1 < geometry_.stages.size())
        x = linear(layerNorm(grouped(x, geometry_.stages[s]), layer + ".downsample.norm"),
                   layer + ".downsample.reduction");
    }
    return all;
  }

  cv::Mat normed(const cv::Mat& lastStage) const { return layerNorm(lastStage, "norm"); }

  /// -> 1 x C
  cv::Mat features(const cv::Mat& lastStage) const {
    cv::Mat mean;
    cv::reduce(normed(lastStage), mean, 0, cv::REDUCE_AVG);
    return mean;
  }

  /// -> 1 x classes
  cv::Mat logits(const cv::Mat& lastStage) const { return linear(features(lastStage), "head"); }

 private:
  cv::Mat matrix(const std::string& name) const {
    const Tensor& tensor = weights_.at(name);
    const int rows = static_cast<int>(tensor.shape.front());
    cv::Mat result;
    cv::Mat(rows, static_cast<int>(tensor.elements()) / rows, CV_32F, tensor.bytes.data)
        .convertTo(result, CV_64F);
    return result;
  }

  cv::Mat linear(const cv::Mat& x, const std::string& name) const {
    cv::Mat y = product(x, matrix(name + ".weight"));
    if (weights_.count(name + ".bias")) y += cv::repeat(matrix(name + ".bias").t(), y.rows, 1);
    return y;
  }

  cv::Mat layerNorm(const cv::Mat& x, const std::string& name) const {
    const cv::Mat gain = matrix(name + ".weight").t(), bias = matrix(name + ".bias").t();
    cv::Mat y(x.size(), CV_64F);
    for (int i = 0; i < x.rows; ++i) {
      const double mean = cv::mean(x.row(i))[0];
      const cv::Mat centred = x.row(i) - mean;
      const double variance = centred.dot(centred) / x.cols;
      y.row(i) = centred.mul(gain) / std::sqrt(variance + 1e-5) + bias;
    }
    return y;
  }

  /// The pixels of each patch in the order of the convolution's weight: channel, row, column.
  cv::Mat patches(const float* planes) const {
    const int grid = geometry_.stages.front().grid, side = geometry_.imageSize, patch = geometry_.patchSize;
    cv::Mat x(grid * grid, 3 * patch * patch, CV_64F);
    for (int t = 0; t < x.rows; ++t)
      for (int c = 0, i = 0; c < 3; ++c)
        for (int v = 0; v < patch; ++v)
          for (int u = 0; u < patch; ++u, ++i)
            x.at<double>(t, i) =
                static_cast<double>(planes[(c * side + t / grid * patch + v) * side + t % grid * patch + u]);
    return x;
  }

  void block(cv::Mat& x, const std::string& name, const Stage& stage) const {
    x += attention(layerNorm(x, name + ".norm1"), name + ".attn", stage);
    cv::Mat hidden = linear(layerNorm(x, name + ".norm2"), name + ".mlp.fc1");
    hidden.forEach<double>([](double& value, const int*) { value = gelu(value); });
    x += linear(hidden, name + ".mlp.fc2");
  }

  cv::Mat attention(const cv::Mat& x, const std::string& name, const Stage& stage) const {
    const cv::Mat qkv = linear(x, name + ".qkv");
    const cv::Mat table = matrix(name + ".relative_position_bias_table");
    const cv::Mat index = relativePositionIndex(stage.window);
    cv::Mat mixed(x.size(), CV_64F);
    const int windows = stage.grid / stage.window;
    for (int window = 0; window < windows * windows; ++window) {
      const std::vector<int> tokens = windowTokens(stage, window / windows, window % windows);
      const cv::Mat inside = rows(qkv, tokens);
      for (int head = 0; head < stage.heads; ++head) {
        const cv::Mat values = attend(inside, table.col(head), index, head, stage);
        const int headDim = values.cols;
        for (int i = 0; i < values.rows; ++i)
          values.row(i).copyTo(
              mixed.row(tokens[static_cast<size_t>(i)]).colRange(head * headDim, (head + 1) * headDim));
      }
    }
    return linear(mixed, name + ".proj");
  }

  /// One head in one window: softmax(q k^T / sqrt(d) + bias) v, with qkv: N x 3C.
  static cv::Mat attend(const cv::Mat& qkv, const cv::Mat& bias, const cv::Mat& index, int head,
                        const Stage& stage) {
    const int headDim = stage.dim / stage.heads;
    const auto part = [&](int which) {
      return qkv.colRange(which * stage.dim + head * headDim, which * stage.dim + (head + 1) * headDim);
    };
    cv::Mat scores = product(part(0) / std::sqrt(static_cast<double>(headDim)), part(1));
    for (int i = 0; i < scores.rows; ++i)
      for (int j = 0; j < scores.cols; ++j) scores.at<double>(i, j) += bias.at<double>(index.at<int>(i, j));
    softmaxRows(scores);
    return product(scores, part(2).t());
  }

  static std::vector<int> windowTokens(const Stage& stage, int windowRow, int windowCol) {
    std::vector<int> tokens;
    for (int y = 0; y < stage.window; ++y)
      for (int x = 0; x < stage.window; ++x)
        tokens.push_back((windowRow * stage.window + y) * stage.grid + windowCol * stage.window + x);
    return tokens;
  }

  static cv::Mat rows(const cv::Mat& x, const std::vector<int>& which) {
    cv::Mat chosen;
    for (int row : which) chosen.push_back(x.row(row));
    return chosen;
  }

  /// 2 x 2 tokens side by side in the reference's order: (0,0), (1,0), (0,1), (1,1) as (row, column).
  static cv::Mat grouped(const cv::Mat& x, const Stage& stage) {
    const int half = stage.grid / 2, dim = stage.dim;
    cv::Mat merged(half * half, 4 * dim, CV_64F);
    for (int t = 0; t < merged.rows; ++t)
      for (int k = 0; k < 4; ++k) {
        const int row = t / half * 2 + k % 2, col = t % half * 2 + k / 2;
        x.row(row * stage.grid + col).copyTo(merged.row(t).colRange(k * dim, (k + 1) * dim));
      }
    return merged;
  }

  const TensorMap& weights_;
  const Geometry geometry_;
};

}  // namespace

cv::Mat referenceForward(const TensorMap& weights, const ModelConfig& model, const cv::Mat& images) {
  CV_Assert(images.dims == 4 && images.type() == CV_32F && images.isContinuous());
  CV_Assert(images.size[1] == 3 && images.size[2] == model.imageSize && images.size[3] == model.imageSize);
  const Model network(weights, model);
  cv::Mat logits;
  for (int i = 0; i < images.size[0]; ++i)
    logits.push_back(network.logits(network.stages(images.ptr<float>(i)).back()));
  return logits;
}

std::vector<cv::Mat> referenceOutputs(const TensorMap& weights, const ModelConfig& model, Head head,
                                      const cv::Mat& picture) {
  CV_Assert(picture.size() == cv::Size(model.imageSize, model.imageSize));
  const Model network(weights, model);
  std::vector<cv::Mat> stages = network.stages(normalisedPlanes(picture).ptr<float>());
  if (head == Head::kFeatures) return {network.features(stages.back())};
  if (head == Head::kPyramid) {
    stages.back() = network.normed(stages.back());
    for (cv::Mat& stage : stages) stage = asMap(stage);
    return stages;
  }
  cv::Mat scores = network.logits(stages.back());
  if (head == Head::kProbabilities) softmaxRows(scores);
  return {scores};
}

cv::Mat referenceLogits(const TensorMap& weights, const ModelConfig& model, const cv::Mat& picture) {
  return referenceForward(weights, model, normalisedPlanes(picture));
}

cv::Mat normalisedPlanes(const cv::Mat& picture) {
  CV_Assert(picture.type() == CV_8UC3);
  const int sizes[] = {1, 3, picture.rows, picture.cols};
  cv::Mat planes(4, sizes, CV_32F);
  for (int c = 0; c < 3; ++c)
    for (int y = 0; y < picture.rows; ++y)
      for (int x = 0; x < picture.cols; ++x)
        planes.ptr<float>(0, c)[y * picture.cols + x] =
            (static_cast<float>(picture.at<cv::Vec3b>(y, x)[2 - c]) / 255.f - kMean[c]) / kStd[c];
  return planes;
}

}  // namespace cv::mixmim
