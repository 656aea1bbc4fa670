#include "sources/shard_names.hpp"

#include <algorithm>
#include <cctype>
#include <cstdint>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

constexpr size_t kMostShards = 1000000;
constexpr size_t kMostDigits = 9;

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  for (size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + separator.size())
    parts.push_back(text.substr(begin, end - begin));
  parts.push_back(text.substr(begin));
  return parts;
}

bool isNumber(const std::string& text) {
  return !text.empty() && text.size() <= kMostDigits &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

/// The choices that the text between braces gives.
std::vector<std::string> choices(const std::string& list, const std::string& source) {
  const std::vector<std::string> range = split(list, "..");
  if (range.size() == 1) return split(list, ",");
  if (range.size() != 2 || !isNumber(range[0]) || !isNumber(range[1]) ||
      std::stoll(range[0]) > std::stoll(range[1]))
    throw Error(source, fmt::format("expected a list like {{000..146}} or {{a,b}}, got {{{}}}", list));
  const int64_t first = std::stoll(range[0]), last = std::stoll(range[1]);
  if (last - first >= static_cast<int64_t>(kMostShards))
    throw Error(source, fmt::format("expected at most {} shards, got {}", kMostShards, last - first + 1));
  std::vector<std::string> names;
  for (int64_t i = first; i <= last; ++i) names.push_back(fmt::format("{:0{}}", i, range[0].size()));
  return names;
}

void expand(const std::string& pattern, const std::string& source, std::vector<std::string>& names) {
  const size_t open = pattern.find('{');
  if (open == std::string::npos) {
    if (names.size() == kMostShards)
      throw Error(source, fmt::format("expected at most {} shards", kMostShards));
    return names.push_back(pattern);
  }
  const size_t close = pattern.find('}', open);
  if (close == std::string::npos) throw Error(source, "expected a '}' for every '{'");
  for (const std::string& choice : choices(pattern.substr(open + 1, close - open - 1), source))
    expand(pattern.substr(0, open) + choice + pattern.substr(close + 1), source, names);
}

}  // namespace

bool namesShards(const std::string& source) {
  return endsWith(source, ".tar") || source.find('{') != std::string::npos ||
         source.find("::") != std::string::npos;
}

std::vector<std::string> shardNames(const std::string& source) {
  std::vector<std::string> names;
  for (const std::string& pattern : split(source, "::")) expand(pattern, source, names);
  return names;
}

}  // namespace cv::mixmim
