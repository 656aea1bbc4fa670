#include "model/plan.hpp"

#include <fmt/format.h>

#include "encoders/encoders.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/cells.hpp"

namespace cv::mixmim {

namespace {

void checkDecoder(const ModelConfig& model) {
  if (model.decoderDim % 4 != 0)
    rejectModel("decoderDim", fmt::format("expected a multiple of 4, got {}", model.decoderDim),
                "the position embedding has four parts");
  if (model.decoderDim % model.decoderHeads != 0)
    rejectModel(
        "decoderHeads",
        fmt::format("expected a divisor of decoderDim {}, got {}", model.decoderDim, model.decoderHeads),
        "each head takes an equal share of the width");
}

}  // namespace

void rejectModel(const std::string& key, const std::string& what, const std::string& hint) {
  throw Error("model." + key, what, hint);
}

Plan planOf(const ModelConfig& model, cv::Size image) {
  cellsOf(model, image);  // throws where it must
  checkDecoder(model);
  switch (model.encoder) {
    case Family::kMixMim:
      return mixMimPlan(model, image);
    case Family::kSwin:
      return swinPlan(model, image);
    case Family::kPvt:
      return pvtPlan(model, image);
    case Family::kTwinsSvt:
    case Family::kTwinsPcpvt:
      return twinsPlan(model, image);
    case Family::kPvtV2:
      return pvtV2Plan(model, image);
  }
  CV_Error(cv::Error::StsBadArg, "no family of encoders");
}

Plan planOf(const ModelConfig& model) {
  return planOf(model, model.imageSize);
}

std::vector<cv::Point> mergingOrder(int side) {
  std::vector<cv::Point> order;
  for (int x = 0; x < side; ++x)
    for (int y = 0; y < side; ++y) order.emplace_back(x, y);
  return order;
}

cv::Mat relativePositionIndex(cv::Size window) {
  const int tokens = window.area(), tableWidth = 2 * window.width - 1;
  cv::Mat index(tokens, tokens, CV_32S);
  for (int i = 0; i < tokens; ++i)
    for (int j = 0; j < tokens; ++j) {
      const int down = i / window.width - j / window.width, right = i % window.width - j % window.width;
      index.at<int>(i, j) = (down + window.height - 1) * tableWidth + right + window.width - 1;
    }
  return index;
}

}  // namespace cv::mixmim
