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

/// Tokens x C in raster order, behind a class token where there is one -> 1 x C x rows x columns.
cv::Mat asMap(const cv::Mat& rows, cv::Size grid) {
  const cv::Mat tokens = rows.rowRange(rows.rows - grid.area(), rows.rows);
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

  /// planes: 3 x S x S -> the tokens after the last block of every stage, a class token before them; normed
  /// where a stage before the last has a norm.
  std::vector<cv::Mat> stages(const float* planes) const {
    std::vector<cv::Mat> all;
    for (size_t s = 0; s < plan_.stages.size(); ++s) {
      const Stage& stage = plan_.stages[s];
      const bool last = s + 1 == plan_.stages.size();
      cv::Mat x = s == 0 ? embedded(pixelsOf(planes), plan_.image, stage)
                         : embedded(all.back(), plan_.stages[s - 1].grid, stage);
      addPositions(x, stage);
      for (const Block& block : stage.blocks) {
        run(x, block, stage);
        if (stage.position == Position::kConvolved && &block == &stage.blocks.front())
          x += depthwise(x, stage.positions, stage.grid);
      }
      all.push_back(last || stage.norm.empty() ? x : layerNorm(x, stage.norm, stage.eps));
    }
    return all;
  }

  cv::Mat normed(const cv::Mat& lastStage) const {
    return layerNorm(lastStage, plan_.stages.back().norm, plan_.stages.back().eps);
  }

  /// -> 1 x C: the class token, or the mean of the tokens.
  cv::Mat features(const cv::Mat& lastStage) const {
    const cv::Mat tokens = normed(lastStage);
    if (plan_.stages.back().classToken) return tokens.row(0);
    cv::Mat mean;
    cv::reduce(tokens, mean, 0, cv::REDUCE_AVG);
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

  /// 3 x S x S -> pixels x 3, in raster order.
  cv::Mat pixelsOf(const float* planes) const {
    const int pixels = plan_.image.area();
    cv::Mat result;
    cv::Mat(3, pixels, CV_32F, const_cast<float*>(planes)).convertTo(result, CV_64F);
    return result.t();
  }

  /// The tokens of a stage from pixels or tokens `x` on a grid.
  cv::Mat embedded(const cv::Mat& x, cv::Size grid, const Stage& stage) const {
    if (stage.narrowing == Narrowing::kMerged) return merged(x, grid, stage);
    const bool overlap = stage.narrowing == Narrowing::kOverlapping;
    const int size = overlap ? 2 * stage.side - 1 : stage.side, before = overlap ? stage.side - 1 : 0;
    const cv::Mat members = windows(x, grid, {size, stage.side, before}, stage.grid);
    return layerNorm(linear(members, stage.embedding + ".proj"), stage.embedding + ".norm",
                     stage.embeddingEps);
  }

  void addPositions(cv::Mat& x, const Stage& stage) const {
    if (stage.classToken) {
      const cv::Mat token = matrix("cls_token").reshape(1, 1);
      cv::vconcat(token, x, x);
    }
    if (stage.position == Position::kFixed || stage.position == Position::kLearned)
      x += matrix(stage.positions).reshape(1, x.rows);
  }

  /// A convolution's window: side, step, and how far it begins before its place.
  struct Window {
    int size, step, before;
  };

  /// The members of every window in the order of a convolution's weight (channel, row, column), zeros
  /// outside: a row per window of the grid `to`.
  static cv::Mat windows(const cv::Mat& x, cv::Size from, const Window& window, cv::Size to) {
    const int area = window.size * window.size;
    cv::Mat members = cv::Mat::zeros(to.area(), x.cols * area, CV_64F);
    for (int t = 0; t < members.rows; ++t)
      for (int v = 0; v < window.size; ++v)
        for (int u = 0; u < window.size; ++u) {
          const int row = t / to.width * window.step + v - window.before;
          const int column = t % to.width * window.step + u - window.before;
          if (row < 0 || row >= from.height || column < 0 || column >= from.width) continue;
          for (int c = 0; c < x.cols; ++c)
            members.at<double>(t, c * area + v * window.size + u) =
                x.at<double>(row * from.width + column, c);
        }
    return members;
  }

  /// A 3 x 3 convolution of every channel by itself, zeros outside.
  cv::Mat depthwise(const cv::Mat& x, const std::string& name, cv::Size grid) const {
    constexpr int kSide = 3, kArea = kSide * kSide;
    const cv::Mat members = windows(x, grid, {kSide, 1, 1}, grid), weight = matrix(name + ".weight");
    cv::Mat y = cv::repeat(matrix(name + ".bias").t(), x.rows, 1);
    for (int t = 0; t < y.rows; ++t)
      for (int c = 0; c < y.cols; ++c)
        y.at<double>(t, c) += members.row(t).colRange(c * kArea, (c + 1) * kArea).dot(weight.row(c));
    return y;
  }

  /// Tokens side by side in the order of published weights, then norm and product.
  cv::Mat merged(const cv::Mat& x, cv::Size grid, const Stage& stage) const {
    const std::vector<cv::Point> order = mergingOrder(stage.side);
    const int across = stage.grid.width, dim = x.cols;
    cv::Mat members(stage.tokens(), static_cast<int>(order.size()) * dim, CV_64F);
    for (int t = 0; t < members.rows; ++t)
      for (int k = 0; k < static_cast<int>(order.size()); ++k) {
        const cv::Point at = order[static_cast<size_t>(k)] + cv::Point(t % across, t / across) * stage.side;
        x.row(at.y * grid.width + at.x).copyTo(members.row(t).colRange(k * dim, (k + 1) * dim));
      }
    return linear(layerNorm(members, stage.embedding + ".norm", stage.embeddingEps),
                  stage.embedding + ".reduction");
  }

  void run(cv::Mat& x, const Block& block, const Stage& stage) const {
    const cv::Mat seen = layerNorm(x, block.name + ".norm1", stage.eps);
    x += linear(block.meeting == Meeting::kReduced ? reducedAttention(seen, block, stage)
                                                   : windowAttention(seen, block, stage),
                block.name + ".attn.proj");
    cv::Mat hidden = linear(layerNorm(x, block.name + ".norm2", stage.eps), block.name + ".mlp.fc1");
    if (stage.convolvedMlp) hidden = depthwise(hidden, block.name + ".mlp.dwconv.dwconv", stage.grid);
    hidden.forEach<double>([](double& value, const int*) { value = gelu(value); });
    x += linear(hidden, block.name + ".mlp.fc2");
  }

  cv::Mat windowAttention(const cv::Mat& x, const Block& block, const Stage& stage) const {
    const cv::Mat qkv = linear(x, block.name + ".attn.qkv");
    const cv::Mat table =
        block.biased ? matrix(block.name + ".attn.relative_position_bias_table") : cv::Mat();
    const cv::Mat index = relativePositionIndex(block.window);
    const int dim = stage.dim;
    cv::Mat mixed(x.size(), CV_64F);
    for (const Piece& piece : piecesOf(stage, block)) {
      const cv::Mat inside = rows(qkv, piece.tokens);
      for (int head = 0; head < stage.heads; ++head) {
        const cv::Mat values = attend(
            ofHead(inside.colRange(0, dim), head, stage), ofHead(inside.colRange(dim, 2 * dim), head, stage),
            ofHead(inside.colRange(2 * dim, 3 * dim), head, stage),
            block.biased ? biasOf(table.col(head), index, piece.places) : cv::Mat());
        for (int i = 0; i < values.rows; ++i)
          values.row(i).copyTo(ofHead(mixed.row(piece.tokens[static_cast<size_t>(i)]), head, stage));
      }
    }
    return mixed;
  }

  /// Keys and values of reduction x reduction tokens each.
  cv::Mat reducedAttention(const cv::Mat& x, const Block& block, const Stage& stage) const {
    const std::string name = block.name + ".attn";
    cv::Mat seen = x;
    if (const int side = block.reduction; side > 1)
      seen = layerNorm(linear(windows(x, stage.grid, {side, side, 0}, stage.grid / side), name + ".sr"),
                       name + ".norm", kReductionEps);
    const cv::Mat q = linear(x, name + ".q"), kv = linear(seen, name + ".kv");
    cv::Mat mixed(x.size(), CV_64F);
    for (int head = 0; head < stage.heads; ++head)
      attend(ofHead(q, head, stage), ofHead(kv.colRange(0, stage.dim), head, stage),
             ofHead(kv.colRange(stage.dim, 2 * stage.dim), head, stage), {})
          .copyTo(ofHead(mixed, head, stage));
    return mixed;
  }

  /// The columns of a head.
  static cv::Mat ofHead(const cv::Mat& x, int head, const Stage& stage) {
    const int headDim = stage.dim / stage.heads;
    return x.colRange(head * headDim, (head + 1) * headDim);
  }

  /// The bias of every pair of tokens at those places of a window.
  static cv::Mat biasOf(const cv::Mat& table, const cv::Mat& index, const std::vector<int>& places) {
    const int tokens = static_cast<int>(places.size());
    cv::Mat bias(tokens, tokens, CV_64F);
    for (int i = 0; i < tokens; ++i)
      for (int j = 0; j < tokens; ++j)
        bias.at<double>(i, j) =
            table.at<double>(index.at<int>(places[static_cast<size_t>(i)], places[static_cast<size_t>(j)]));
    return bias;
  }

  /// One head: softmax(q k^T / sqrt(d) + bias) v. `bias`: may be empty.
  static cv::Mat attend(const cv::Mat& q, const cv::Mat& k, const cv::Mat& v, const cv::Mat& bias) {
    cv::Mat scores = product(q / std::sqrt(static_cast<double>(q.cols)), k);
    if (!bias.empty()) scores += bias;
    softmaxRows(scores);
    return product(scores, v.t());
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
