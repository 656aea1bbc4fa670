#include "sources/archives/shard_names.hpp"

#include <glob.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <system_error>
#include <tuple>

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

bool isFile(const std::string& path) {
  std::error_code none;
  return std::filesystem::is_regular_file(path, none);
}

bool isPattern(const std::string& text) {
  return text.find_first_of("*?[") != std::string::npos;
}

std::vector<std::string> filesLike(const std::string& pattern) {
  glob_t found{};
  const int status = ::glob(pattern.c_str(), GLOB_NOSORT, nullptr, &found);
  std::vector<std::string> files(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  ::globfree(&found);
  if (status != 0) throw Error(pattern, "no file fits this pattern");
  std::sort(files.begin(), files.end());
  return files;
}

/// "x-007.tar" as "x-", 7, 3 digits, ".tar".
struct NumberedName {
  std::string begin, end;
  size_t digits = 0;
  int64_t number = 0;
};

std::optional<NumberedName> numberIn(const std::string& path) {
  size_t end = path.size();
  while (end > path.rfind('/') + 1 && std::isdigit(static_cast<unsigned char>(path[end - 1])) == 0) --end;
  size_t begin = end;
  while (begin > path.rfind('/') + 1 && std::isdigit(static_cast<unsigned char>(path[begin - 1])) != 0)
    --begin;
  const std::string digits = path.substr(begin, end - begin);
  if (!isNumber(digits)) return {};
  return NumberedName{path.substr(0, begin), path.substr(end), digits.size(), std::stoll(digits)};
}

}  // namespace

bool namesShards(const std::string& source) {
  return endsWith(source, ".tar") || source.find_first_of("{*?[") != std::string::npos ||
         source.find("::") != std::string::npos;
}

std::vector<std::string> shardNames(const std::string& source) {
  if (isFile(source)) return {source};
  std::vector<std::string> names;
  for (const std::string& part : split(source, "::")) {
    if (isFile(part)) {
      names.push_back(part);
    } else if (isPattern(part)) {
      const std::vector<std::string> files = filesLike(part);
      names.insert(names.end(), files.begin(), files.end());
    } else {
      expand(part, source, names);
    }
  }
  return names;
}

std::vector<std::string> missingShards(const std::vector<std::string>& archives) {
  constexpr size_t kMost = 100;
  using Family = std::tuple<std::string, std::string, size_t>;
  std::map<Family, std::set<int64_t>> families;
  for (const std::string& archive : archives)
    if (const auto name = numberIn(archive))
      families[{name->begin, name->end, name->digits}].insert(name->number);
  std::vector<std::string> missing;
  for (const auto& [family, numbers] : families) {
    const auto& [begin, end, digits] = family;
    int64_t expected = *numbers.begin();
    for (const int64_t number : numbers) {
      for (; expected < number && missing.size() < kMost; ++expected)
        missing.push_back(fmt::format("{}{:0{}}{}", begin, expected, digits, end));
      expected = number + 1;
    }
  }
  return missing;
}

}  // namespace cv::mixmim
