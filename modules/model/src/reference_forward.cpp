#include "model/reference_forward.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "model/plan.hpp"
#include "opencv2/mixmim/preprocess.hpp"

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

/// The softmax of each row or, with several labels, the sigmoid of each number.
void toProbabilities(cv::Mat& scores, Labelling labels) {
  if (labels == Labelling::kOne) return softmaxRows(scores);
  for (auto score = scores.begin<double>(); score != scores.end<double>(); ++score)
    *score = 1 / (1 + std::exp(-*score));
}

/// Tokens x C in raster order -> 1 x C x rows x columns.
cv::Mat asMap(const cv::Mat& tokens, cv::Size grid) {
  const int shape[] = {1, tokens.cols, grid.height, grid.width};
  return cv::Mat(tokens.t()).reshape(1, 4, shape).clone();
}

/// Tokens that attend to each other, as raster positions and as places in their window.
struct Piece {
  std::vector<int> tokens, places;
};

/// The windows of a block, rolled into the grid as the published code rolls them; one that crosses the border
/// has up to four pieces.
std::vector<Piece> piecesOf(const Stage& stage, const Block& block) {
  const cv::Size grid = stage.grid, window = block.window;
  std::map<std::array<int, 4>, Piece> pieces;  // by window and side of the border, row and column each
  for (int row = 0; row < grid.height; ++row)
    for (int column = 0; column < grid.width; ++column) {  // of the rolled picture
      const int y = row + block.shift.height, x = column + block.shift.width;
      Piece& piece = pieces[{row / window.height, column / window.width, y / grid.height, x / grid.width}];
      piece.tokens.push_back(y % grid.height * grid.width + x % grid.width);
      piece.places.push_back(row % window.height * window.width + column % window.width);
    }
  std::vector<Piece> all;
  for (const auto& entry : pieces) all.push_back(entry.second);
  return all;
}

/// Token matrices are tokens x channels, CV_64F, tokens in raster order.
class Model {
 public:
  Model(const TensorMap& weights, const ModelConfig& config) : weights_(weights), plan_(planOf(config)) {}

  const Plan& plan() const { return plan_; }

  /// planes: 3 x S x S -> the tokens after the last block of every stage.
  std::vector<cv::Mat> stages(const float* planes) const {
    std::vector<cv::Mat> all;
    for (size_t s = 0; s < plan_.stages.size(); ++s) {
      const Stage& stage = plan_.stages[s];
      cv::Mat x = stage.narrowing == Narrowing::kPatches ? embedded(planes, stage)
                                                         : merged(all.back(), plan_.stages[s - 1], stage);
      for (const Block& block : stage.blocks) run(x, block, stage);
      all.push_back(x);
    }
    return all;
  }

  cv::Mat normed(const cv::Mat& lastStage) const {
    return layerNorm(lastStage, "norm", plan_.stages.back().eps);
  }

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

  cv::Mat layerNorm(const cv::Mat& x, const std::string& name, double eps) const {
    const cv::Mat gain = matrix(name + ".weight").t(), bias = matrix(name + ".bias").t();
    cv::Mat y(x.size(), CV_64F);
    for (int i = 0; i < x.rows; ++i) {
      const double mean = cv::mean(x.row(i))[0];
      const cv::Mat centred = x.row(i) - mean;
      const double variance = centred.dot(centred) / x.cols;
      y.row(i) = centred.mul(gain) / std::sqrt(variance + eps) + bias;
    }
    return y;
  }

  cv::Mat embedded(const float* planes, const Stage& stage) const {
    cv::Mat x = layerNorm(linear(patches(planes, stage), stage.embedding + ".proj"),
                          stage.embedding + ".norm", stage.embeddingEps);
    if (plan_.position == Position::kFixed) x += matrix("absolute_pos_embed").reshape(1, x.rows);
    return x;
  }

  /// The pixels of each patch in the order of the convolution's weight: channel, row, column.
  cv::Mat patches(const float* planes, const Stage& stage) const {
    const int across = stage.grid.width, patch = stage.side, width = plan_.image.width;
    cv::Mat x(stage.tokens(), 3 * patch * patch, CV_64F);
    for (int t = 0; t < x.rows; ++t)
      for (int c = 0, i = 0; c < 3; ++c)
        for (int v = 0; v < patch; ++v)
          for (int u = 0; u < patch; ++u, ++i) {
            const int row = c * plan_.image.height + t / across * patch + v;
            x.at<double>(t, i) = static_cast<double>(planes[row * width + t % across * patch + u]);
          }
    return x;
  }

  /// Tokens side by side in the order of published weights, then norm and product.
  cv::Mat merged(const cv::Mat& x, const Stage& before, const Stage& stage) const {
    const std::vector<cv::Point> order = mergingOrder(stage.side);
    const int across = stage.grid.width, dim = before.dim;
    cv::Mat members(stage.tokens(), static_cast<int>(order.size()) * dim, CV_64F);
    for (int t = 0; t < members.rows; ++t)
      for (int k = 0; k < static_cast<int>(order.size()); ++k) {
        const cv::Point at = order[static_cast<size_t>(k)] + cv::Point(t % across, t / across) * stage.side;
        x.row(at.y * before.grid.width + at.x).copyTo(members.row(t).colRange(k * dim, (k + 1) * dim));
      }
    return linear(layerNorm(members, stage.embedding + ".norm", stage.embeddingEps),
                  stage.embedding + ".reduction");
  }

  void run(cv::Mat& x, const Block& block, const Stage& stage) const {
    x += attention(layerNorm(x, block.name + ".norm1", stage.eps), block, stage);
    cv::Mat hidden = linear(layerNorm(x, block.name + ".norm2", stage.eps), block.name + ".mlp.fc1");
    hidden.forEach<double>([](double& value, const int*) { value = gelu(value); });
    x += linear(hidden, block.name + ".mlp.fc2");
  }

  cv::Mat attention(const cv::Mat& x, const Block& block, const Stage& stage) const {
    const cv::Mat qkv = linear(x, block.name + ".attn.qkv");
    const cv::Mat table = matrix(block.name + ".attn.relative_position_bias_table");
    const cv::Mat index = relativePositionIndex(block.window);
    cv::Mat mixed(x.size(), CV_64F);
    for (const Piece& piece : piecesOf(stage, block)) {
      const cv::Mat inside = rows(qkv, piece.tokens);
      for (int head = 0; head < stage.heads; ++head) {
        const cv::Mat values = attend(inside, table.col(head), index, piece.places, head, stage);
        const int headDim = values.cols;
        for (int i = 0; i < values.rows; ++i)
          values.row(i).copyTo(
              mixed.row(piece.tokens[static_cast<size_t>(i)]).colRange(head * headDim, (head + 1) * headDim));
      }
    }
    return linear(mixed, block.name + ".attn.proj");
  }

  /// One head among tokens that see each other: softmax(q k^T / sqrt(d) + bias) v, with qkv: N x 3C.
  static cv::Mat attend(const cv::Mat& qkv, const cv::Mat& bias, const cv::Mat& index,
                        const std::vector<int>& places, int head, const Stage& stage) {
    const int headDim = stage.dim / stage.heads;
    const auto part = [&](int which) {
      return qkv.colRange(which * stage.dim + head * headDim, which * stage.dim + (head + 1) * headDim);
    };
    cv::Mat scores = product(part(0) / std::sqrt(static_cast<double>(headDim)), part(1));
    for (int i = 0; i < scores.rows; ++i)
      for (int j = 0; j < scores.cols; ++j)
        scores.at<double>(i, j) +=
            bias.at<double>(index.at<int>(places[static_cast<size_t>(i)], places[static_cast<size_t>(j)]));
    softmaxRows(scores);
    return product(scores, part(2).t());
  }

  static cv::Mat rows(const cv::Mat& x, const std::vector<int>& which) {
    cv::Mat chosen;
    for (int row : which) chosen.push_back(x.row(row));
    return chosen;
  }

  const TensorMap& weights_;
  const Plan plan_;
};

}  // namespace

cv::Mat referenceForward(const TensorMap& weights, const ModelConfig& model, const cv::Mat& images) {
  CV_Assert(images.dims == 4 && images.type() == CV_32F && images.isContinuous());
  CV_Assert(images.size[1] == 3 && cv::Size(images.size[3], images.size[2]) == model.imageSize);
  const Model network(weights, model);
  cv::Mat logits;
  for (int i = 0; i < images.size[0]; ++i)
    logits.push_back(network.logits(network.stages(images.ptr<float>(i)).back()));
  return logits;
}

std::vector<cv::Mat> referenceOutputs(const TensorMap& weights, const ModelConfig& model, Head head,
                                      const cv::Mat& picture) {
  CV_Assert(picture.size() == model.imageSize);
  const Model network(weights, model);
  std::vector<cv::Mat> stages = network.stages(normalisedPlanes(picture).ptr<float>());
  if (head == Head::kFeatures) return {network.features(stages.back())};
  if (head == Head::kPyramid) {
    stages.back() = network.normed(stages.back());
    for (size_t s = 0; s < stages.size(); ++s) stages[s] = asMap(stages[s], network.plan().stages[s].grid);
    return stages;
  }
  cv::Mat scores = network.logits(stages.back());
  if (head == Head::kProbabilities) toProbabilities(scores, model.labels);
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
