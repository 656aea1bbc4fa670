// Names that differ in a number: of a stage, which some programs count from 0 and others from 1.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cv::mixmim {

/// The beginning of a name. At most one of its letters stands for the number n: '#' for n, '+' for n + 1, '-'
/// for n - 1.
using NamePattern = std::string_view;

/// A name that a pattern fits.
struct PatternMatch {
  int number;     ///< n; 0 where the pattern has none
  size_t length;  ///< how much of the name the pattern stands for
};

/// None where the name does not begin like that, or n would be negative, or not below 1000, which no model
/// has; names may be hostile.
std::optional<PatternMatch> match(NamePattern pattern, std::string_view name);

/// Whether one of the names begins like that.
bool oneMatches(NamePattern pattern, const std::vector<std::string>& names);

/// numbered("patch_embed+.", 2) -> "patch_embed3."
std::string numbered(NamePattern pattern, int number);

}  // namespace cv::mixmim
