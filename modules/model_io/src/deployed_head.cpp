#include "model_io/deployed_head.hpp"

#include <array>
#include <utility>

namespace cv::mixmim {

namespace {

constexpr std::array<std::pair<const char*, Head>, 4> kHeads{{{"logits", Head::kLogits},
                                                              {"probabilities", Head::kProbabilities},
                                                              {"features", Head::kFeatures},
                                                              {"pyramid", Head::kPyramid}}};
constexpr std::array<std::pair<const char*, WeightType>, 2> kWeightTypes{
    {{"fp32", WeightType::kFloat32}, {"fp16", WeightType::kFloat16}}};

template <class List, class Value>
const char* nameIn(const List& list, Value value) {
  for (const auto& [name, named] : list)
    if (named == value) return name;
  CV_Error(cv::Error::StsBadArg, "a value that has no name");
}

template <class Value, size_t N>
std::optional<Value> valueIn(const std::array<std::pair<const char*, Value>, N>& list,
                             const std::string& name) {
  for (const auto& [known, value] : list)
    if (name == known) return value;
  return std::nullopt;
}

/// One number per channel of a map of 1 x C x H x W.
cv::Mat sampled(const cv::Mat& map) {
  CV_Assert(map.dims == 4 && map.size[0] == 1 && map.isContinuous());
  const int channels = map.size[1], tokens = map.size[2] * map.size[3];
  const cv::Mat plain(channels, tokens, map.type(), const_cast<uchar*>(map.data));
  cv::Mat row(1, channels, map.type());
  for (int c = 0; c < channels; ++c) {
    const auto token = static_cast<int>(int64_t{c} * tokens / channels);
    plain(cv::Rect(token, c, 1, 1)).copyTo(row(cv::Rect(c, 0, 1, 1)));
  }
  return row;
}

}  // namespace

const char* nameOf(Head head) {
  return nameIn(kHeads, head);
}

std::optional<Head> headNamed(const std::string& name) {
  return valueIn(kHeads, name);
}

const char* nameOf(WeightType weights) {
  return nameIn(kWeightTypes, weights);
}

std::optional<WeightType> weightTypeNamed(const std::string& name) {
  return valueIn(kWeightTypes, name);
}

bool hasClasses(Head head) {
  return head == Head::kLogits || head == Head::kProbabilities;
}

std::string sentenceOf(Head head) {
  switch (head) {
    case Head::kLogits:
      return "logits, N x classes: scores before softmax";
    case Head::kProbabilities:
      return "probabilities, N x classes: every row adds up to 1";
    case Head::kFeatures:
      return "features, N x C: the mean over the last stage's tokens after the final LayerNorm";
    case Head::kPyramid:
      return "feature1, feature2, ..., N x C x H x W: one map per stage, without a norm but for the last, "
             "which is after the final LayerNorm";
  }
  CV_Error(cv::Error::StsBadArg, "no head");
}

cv::Mat goldenAnswer(const std::vector<cv::Mat>& outputs) {
  CV_Assert(!outputs.empty());
  if (outputs.size() == 1 && outputs.front().dims == 2) return outputs.front().reshape(1, 1);
  cv::Mat all;
  for (const cv::Mat& map : outputs) {
    if (all.empty())
      all = sampled(map);
    else
      cv::hconcat(all, sampled(map), all);
  }
  return all;
}

}  // namespace cv::mixmim
