#include "bias_tables.hpp"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "model/token_order.hpp"

namespace cv::mixmim {

namespace {

/// The bias that a constant adds to the scores of one head in one window, N x N, and the table of the head.
class HeadBias {
 public:
  HeadBias(cv::Mat scores, cv::Mat table, cv::Size window)
      : scores_(std::move(scores)), table_(std::move(table)), window_(window) {}

  /// Reads the number of every offset for a query in a corner of the window, because the key is then inside
  /// it.
  void fillTable() {
    const int bottom = window_.height - 1, right = window_.width - 1;
    for (int y = -bottom; y <= bottom; ++y)
      for (int x = -right; x <= right; ++x) {
        const int query = (y < 0 ? bottom * window_.width : 0) + (x < 0 ? right : 0);
        table_.at<float>(y + bottom, x + right) = scores_.at<float>(query, query + y * window_.width + x);
      }
  }

  /// Whether all scores are the table's numbers plus those of the window's mask.
  bool isTable(const cv::Mat& mask) const {
    for (int query = 0; query < scores_.rows; ++query)
      for (int row = 0; row < window_.height; ++row) {
        const int key = row * window_.width;
        const float* table = table_.ptr<float>(row - query / window_.width + window_.height - 1,
                                               window_.width - 1 - query % window_.width);
        if (!areSums(scores_.ptr<float>(query, key), table, mask.ptr<float>(query, key))) return false;
      }
    return true;
  }

 private:
  bool areSums(const float* scores, const float* table, const float* mask) const {
    for (int x = 0; x < window_.width; ++x)
      if (!isSum(scores[x], table[x], mask[x])) return false;
    return true;
  }

  /// Where the mask hides a key, its score may be that of a file with float16 weights, rounded once more.
  static bool isSum(float score, float number, float mask) {
    constexpr float kHalfRounding = 1e-3F;
    if (mask == 0) return score == number;
    return std::abs(score - (number + mask)) <= kHalfRounding * (std::abs(number) + std::abs(mask));
  }

  cv::Mat scores_, table_;
  cv::Size window_;
};

/// (windows * N) x N; a single window where all are alike.
cv::Mat maskOf(const Stage& stage, const Block& block) {
  const int n = block.windowTokens();
  if (!block.shifted()) return cv::Mat::zeros(n, n, CV_32F);
  cv::Mat mask = shiftMask(stage, block);
  CV_Assert(cv::countNonZero(mask.rowRange(0, n)) == 0);  // the first window crosses no border
  return mask;
}

/// Windows with a bias of their own: one where all are alike.
int windowsOf(const Stage& stage, const Block& block) {
  return block.shifted() ? stage.windowsOf(block) : 1;
}

/// As the exporter writes it, without a leading 1.
Constants::Shape shapeOf(const Stage& stage, const Block& block) {
  const int n = block.windowTokens(), heads = windowsOf(stage, block) * stage.heads;
  if (heads == 1) return {n, n};
  return {heads, n, n};
}

}  // namespace

cv::Mat biasTables(const Constants& constants, const std::string& name, const Stage& stage,
                   const Block& block) {
  const cv::Mat bias = constants.matrix(name, shapeOf(stage, block)), mask = maskOf(stage, block);
  const cv::Size differences = block.differences();
  const int sides[] = {stage.heads, differences.height, differences.width};
  const int n = block.windowTokens();
  cv::Mat tables(3, sides, CV_32F);
  for (int i = 0; i < windowsOf(stage, block) * stage.heads; ++i) {  // window by window, in each head by head
    const int window = i / stage.heads;
    HeadBias head(bias.rowRange(i * n, (i + 1) * n),
                  cv::Mat(differences, CV_32F, tables.ptr<float>(i % stage.heads)), block.window);
    if (window == 0) head.fillTable();
    if (!head.isTable(mask.rowRange(window * n, (window + 1) * n)))
      constants.fail(fmt::format(
          "the constant \"{}\", expected one number for each step between tokens, got several", name));
  }
  return tables;
}

}  // namespace cv::mixmim
