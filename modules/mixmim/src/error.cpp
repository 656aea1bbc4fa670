#include "opencv2/mixmim/error.hpp"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cv::mixmim {

Error::Error(const std::string& message) {
  code = cv::Error::StsError;
  err = message;
  msg = message;  // cv::Exception::what() returns msg
}

Error::Error(const std::string& where, const std::string& what, const std::string& hint)
    : Error(hint.empty() ? fmt::format("{}: {}", where, what)
                         : fmt::format("{}: {}; {}", where, what, hint)) {}

Error::~Error() noexcept = default;

namespace {

/// Levenshtein distance, one row of the table at a time.
size_t editDistance(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 0; i < a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i + 1;
    for (size_t j = 0; j < b.size(); ++j) {
      const size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({row[j] + 1, row[j + 1] + 1, replaced});
    }
  }
  return row.back();
}

}  // namespace

std::string nearestName(const std::string& word, const std::vector<std::string>& known) {
  constexpr size_t kLongestName = 100;  // the table is quadratic, and words come from users
  if (word.empty() || word.size() > kLongestName) return {};
  std::string best;
  size_t bestDistance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& name : known) {
    const size_t distance = editDistance(word, name);
    if (distance < bestDistance) {
      bestDistance = distance;
      best = name;
    }
  }
  if (!best.empty() || word.size() < 3) return best;
  const auto sharesBeginning = [&](const std::string& name) {
    return name.compare(0, word.size(), word) == 0;
  };
  const auto found = std::find_if(known.begin(), known.end(), sharesBeginning);
  return found == known.end() ? std::string() : *found;
}

std::string firstFew(const std::vector<std::string>& entries, size_t few) {
  if (entries.size() <= few) return fmt::format("{}", fmt::join(entries, ", "));
  const auto end = entries.begin() + static_cast<std::ptrdiff_t>(few);
  return fmt::format("{} and {} more", fmt::join(entries.begin(), end, ", "), entries.size() - few);
}

}  // namespace cv::mixmim
