#include "model/output.hpp"

#include <array>
#include <utility>

#include <opencv2/core.hpp>

namespace cv::mixmim {

namespace {

constexpr std::array<std::pair<const char*, Head>, 4> kHeads{{{"logits", Head::kLogits},
                                                              {"probabilities", Head::kProbabilities},
                                                              {"features", Head::kFeatures},
                                                              {"pyramid", Head::kPyramid}}};

}  // namespace

const char* nameOf(Head head) {
  for (const auto& [name, named] : kHeads)
    if (named == head) return name;
  CV_Error(cv::Error::StsBadArg, "no head");
}

std::optional<Head> headNamed(const std::string& name) {
  for (const auto& [known, head] : kHeads)
    if (name == known) return head;
  return std::nullopt;
}

bool hasClasses(Head head) {
  return head == Head::kLogits || head == Head::kProbabilities;
}

std::string sentenceOf(Head head, Labelling labelling) {
  const bool several = labelling == Labelling::kSeveral;
  switch (head) {
    case Head::kLogits:
      return std::string("logits, N x classes: scores before ") + (several ? "a sigmoid each" : "softmax");
    case Head::kProbabilities:
      return std::string("probabilities, N x classes: ") +
             (several ? "each from 0 to 1 by itself" : "every row adds up to 1");
    case Head::kFeatures:
      return "features, N x C: the vector that a classifier reads, after the final LayerNorm";
    case Head::kPyramid:
      return "feature1, feature2, ..., N x C x H x W: one map per stage, as the next stage reads it; the "
             "last "
             "after the final LayerNorm";
  }
  CV_Error(cv::Error::StsBadArg, "no head");
}

}  // namespace cv::mixmim
