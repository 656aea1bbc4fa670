#include <cmath>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

constexpr const char* kBlank = " \t\r\f\v";

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(kBlank);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(kBlank) + 1 - first);
}

/// One line of the file: what it means, or an error that names it.
class Line {
 public:
  Line(const std::string& text, const std::string& origin, int number)
      : text_(trimmed(text)), origin_(origin), number_(number) {}

  bool isEmpty() const { return text_.empty() || text_[0] == '#'; }
  bool isSection() const { return text_[0] == '['; }

  std::string section() const {
    const size_t end = text_.find(']');
    if (end == std::string::npos || !isComment(end + 1)) invalid();
    return trimmed(text_.substr(1, end - 1));
  }

  Setting setting(const std::string& section) const {
    const size_t equals = text_.find('=');
    const std::string key = trimmed(text_.substr(0, equals));
    if (equals == std::string::npos || key.empty()) invalid();
    return {section.empty() ? key : section + "." + key, value(equals + 1), origin_, number_};
  }

 private:
  [[noreturn]] void invalid() const {
    throw Error(fmt::format("{}:{}", origin_, number_), fmt::format("invalid line '{}'", text_),
                "a config file has [sections] and lines of the form key = value");
  }

  /// Whether nothing or a comment stands from there on.
  bool isComment(size_t from) const {
    const size_t next = text_.find_first_not_of(kBlank, from);
    return next == std::string::npos || text_[next] == '#';
  }

  std::string value(size_t from) const {
    const size_t first = text_.find_first_not_of(kBlank, from);
    if (first == std::string::npos) return {};
    if (text_[first] != '"') return trimmed(text_.substr(from, text_.find('#', from) - from));
    std::string value;
    for (size_t i = first + 1; i < text_.size(); ++i) {
      if (text_[i] == '"') {
        if (!isComment(i + 1)) invalid();
        return value;
      }
      if (text_[i] == '\\' && i + 1 < text_.size()) ++i;
      value += text_[i];
    }
    invalid();
  }

  std::string text_;
  const std::string& origin_;
  int number_;
};

/// `value` as a line of the file holds it: in quotes where it would not survive without.
std::string configText(const std::string& value) {
  if (trimmed(value) == value && value.find('#') == std::string::npos && value[0] != '"') return value;
  std::string text = "\"";
  for (const char c : value) text += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return text + '"';
}

/// The line above an option: its sentence, unit and range.
std::string commentOn(const Option& option) {
  std::string text = "# " + option.sentence;
  if (!option.unit.empty()) text += fmt::format(" Unit: {}.", option.unit);
  if (!std::isinf(option.min)) text += fmt::format(" Range: {} to {}.", option.min, option.max);
  if (!option.choices.empty()) text += fmt::format(" One of: {}.", fmt::join(option.choices, ", "));
  return text + "\n";
}

}  // namespace

std::vector<Setting> parseConfig(const std::string& text, const std::string& origin) {
  std::vector<Setting> settings;
  std::string section;
  std::istringstream lines(text);
  int number = 0;
  for (std::string words; std::getline(lines, words);) {
    const Line line(words, origin, ++number);
    if (line.isEmpty()) continue;
    if (line.isSection())
      section = line.section();
    else
      settings.push_back(line.setting(section));
  }
  return settings;
}

std::vector<Setting> readConfigFile(const std::string& path) {
  constexpr std::streamsize kLargestConfig = 1 << 20;
  std::ifstream file(path, std::ios::binary);
  std::string text(static_cast<size_t>(kLargestConfig) + 1, '\0');
  file.read(text.data(), kLargestConfig + 1);
  if (!file.eof() || file.bad())
    throw Error(path, file.gcount() > kLargestConfig ? "is larger than a config file can be (1 MiB)"
                                                     : "cannot be read");
  text.resize(static_cast<size_t>(file.gcount()));
  return parseConfig(text, path);
}

std::string toIni(const Config& config, bool comments) {
  Config copy = config;
  std::string text, section;
  for (const Option& option : options(copy)) {
    const size_t dot = option.name.find('.');
    if (option.name.substr(0, dot) != section) {
      text += section.empty() ? "" : "\n";
      section = option.name.substr(0, dot);
      text += fmt::format("[{}]\n", section);
    }
    if (comments) text += commentOn(option);
    text += fmt::format("{} = {}\n", option.name.substr(dot + 1), configText(option.get()));
  }
  return text;
}

}  // namespace cv::mixmim
