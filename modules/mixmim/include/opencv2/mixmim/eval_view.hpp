// The part of a picture that evaluation shows to a network. Published weights were judged by different rules,
// and a network answers best when it is asked as it was judged, so the rule is stored with it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <opencv2/core/cvdef.h>

namespace cv::mixmim {

/// How a picture is resized before the centre of the input's size is cut out of it.
enum class EvalRule {
  kOfficial,  ///< shorter side to input / crop up to 224 px, to the input above: the authors' repositories
  kTimm,      ///< shorter side to input / crop, whatever the input
  kStretch,   ///< to the input, whatever the proportions: the official Swin at 384 px
};

/// Its word in settings and files, "official", "timm" or "stretch", all of them, and back.
CV_EXPORTS const char* nameOf(EvalRule rule);
CV_EXPORTS std::vector<std::string> evalRuleNames();
CV_EXPORTS std::optional<EvalRule> evalRuleNamed(const std::string& word);

/// A rule and its number.
struct EvalView {
  EvalRule rule = EvalRule::kOfficial;  ///< how it is resized
  double crop = 0.875;                  ///< share of the shorter side that is seen; says nothing to kStretch
};

}  // namespace cv::mixmim
