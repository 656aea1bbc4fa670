#include "pytorch/name_pattern.hpp"

#include <algorithm>
#include <charconv>

#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// A pattern in its parts: what stands before the number, its offset, and what stands behind it.
struct Parts {
  explicit Parts(NamePattern pattern) {
    const size_t at = pattern.find_first_of("#+-");
    before = pattern.substr(0, at);
    if (at == NamePattern::npos) return;
    hasNumber = true;
    offset = pattern[at] == '+' ? 1 : pattern[at] == '-' ? -1 : 0;
    behind = pattern.substr(at + 1);
  }

  std::string_view before, behind;
  bool hasNumber = false;
  int offset = 0;
};

}  // namespace

std::optional<PatternMatch> match(NamePattern pattern, std::string_view name) {
  constexpr int kMost = 1000;
  const Parts parts(pattern);
  if (!startsWith(name, parts.before)) return std::nullopt;
  if (!parts.hasNumber) return PatternMatch{0, parts.before.size()};
  int number = 0;
  const char* first = name.data() + parts.before.size();
  const auto [end, error] = std::from_chars(first, name.data() + name.size(), number);
  const auto length = static_cast<size_t>(end - name.data());
  const bool fits = error == std::errc() && *first != '-' && number < kMost && number >= parts.offset;
  if (!fits || !startsWith(name.substr(length), parts.behind)) return std::nullopt;
  return PatternMatch{number - parts.offset, length + parts.behind.size()};
}

bool oneMatches(NamePattern pattern, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return match(pattern, name).has_value(); });
}

std::string numbered(NamePattern pattern, int number) {
  const Parts parts(pattern);
  std::string name(parts.before);
  if (parts.hasNumber) name += std::to_string(number + parts.offset);
  return name.append(parts.behind);
}

}  // namespace cv::mixmim
