#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/byte_order_mark.hpp"
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

  /// Where a comment begins: at a # behind a blank, because names of files may hold one elsewhere.
  size_t commentAfter(size_t from) const {
    size_t at = text_.find('#', from);
    while (at != std::string::npos && std::string_view(kBlank).find(text_[at - 1]) == std::string::npos)
      at = text_.find('#', at + 1);
    return at;
  }

  std::string value(size_t from) const {
    const size_t first = text_.find_first_not_of(kBlank, from);
    if (first == std::string::npos) return {};
    if (text_[first] != '"') return trimmed(text_.substr(from, commentAfter(from) - from));
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

/// The text without the mark that editors of Windows put before UTF-8.
std::string_view withoutMark(std::string_view text, const std::string& origin) {
  if (hasUtf16Mark(text) || text.find('\0') != std::string_view::npos)
    throw Error(origin, "is UTF-16, expected UTF-8", "save it as UTF-8");
  return withoutUtf8Mark(text);
}

/// Throws Error for the second value of an option, under whichever of its names.
void refuseTwice(const std::vector<Setting>& settings) {
  Config config;
  const std::vector<Option> list = options(config);
  std::map<std::string, const Setting*> first;
  for (const Setting& setting : settings) {
    const auto isNamed = [&](const Option& o) { return setting.key == o.name || setting.key == o.alias; };
    const auto option = std::find_if(list.begin(), list.end(), isNamed);
    const auto [place, isNew] = first.emplace(option == list.end() ? setting.key : option->name, &setting);
    if (!isNew)
      throw Error(fmt::format("{}:{}", setting.origin, setting.line),
                  fmt::format("{}: given twice, {} (line {}) and {}", setting.key, place->second->value,
                              place->second->line, setting.value));
  }
}

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
  std::istringstream lines{std::string(withoutMark(text, origin))};
  int number = 0;
  for (std::string words; std::getline(lines, words);) {
    const Line line(words, origin, ++number);
    if (line.isEmpty()) continue;
    if (line.isSection())
      section = line.section();
    else
      settings.push_back(line.setting(section));
  }
  refuseTwice(settings);
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
