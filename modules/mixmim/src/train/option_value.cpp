#include "train/option_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "train/suggestion.hpp"

namespace cv::mixmim {

std::string nameOf(Task task) {
  return task == Task::kPretrain ? "pretrain" : "finetune";
}

namespace {

/// The words of encoders, in the order in which help lists them.
constexpr std::array<std::pair<Family, const char*>, 6> kFamilies{{{Family::kMixMim, "mixmim"},
                                                                   {Family::kSwin, "swin"},
                                                                   {Family::kPvt, "pvt"},
                                                                   {Family::kTwinsSvt, "twins_svt"},
                                                                   {Family::kTwinsPcpvt, "twins_pcpvt"},
                                                                   {Family::kPvtV2, "pvt_v2"}}};

}  // namespace

std::string nameOf(Labelling labelling) {
  return labelling == Labelling::kOne ? "one" : "several";
}

std::string nameOf(Family family) {
  for (const auto& [value, word] : kFamilies)
    if (value == family) return word;
  throw Error("model.encoder", "a family without a word");
}

std::vector<std::string> familyNames() {
  std::vector<std::string> names;
  for (const auto& family : kFamilies) names.emplace_back(family.second);
  return names;
}

namespace {

/// "expected a number from 0 to 1" and the like: what an option accepts.
std::string expectation(const Option& option, const char* kind) {
  if (!option.choices.empty()) return fmt::format("expected one of {}", fmt::join(option.choices, ", "));
  if (std::isinf(option.min)) return fmt::format("expected {}", kind);
  return fmt::format("expected {} from {} to {}", kind, option.min, option.max);
}

[[noreturn]] void reject(const Option& option, const char* kind, const std::string& text) {
  throw Error(option.name, fmt::format("{}, got '{}'", expectation(option, kind), text),
              didYouMean(text, option.choices));
}

template <class Number>
Number parseNumber(const Option& option, const char* kind, const std::string& text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  // Written so that NaN fails.
  if (!whole || !(static_cast<double>(number) >= option.min && static_cast<double>(number) <= option.max))
    reject(option, kind, text);
  return number;
}

std::vector<int> parseList(const Option& option, const std::string& text) {
  std::vector<int> list;  // may stay empty; the lists that may not be are checked with the other sizes
  std::istringstream words(text);
  for (std::string word; std::getline(words, word, ',');) {
    word.erase(0, word.find_first_not_of(' '));
    word.erase(word.find_last_not_of(' ') + 1);
    list.push_back(parseNumber<int>(option, "whole numbers", word));
  }
  return list;
}

/// "224", or rows and columns as "192x256".
cv::Size parseSize(const Option& option, const std::string& text) {
  constexpr const char* kKind = "a side, or HEIGHTxWIDTH with sides";
  const auto side = [&](const std::string& number) { return parseNumber<int>(option, kKind, number); };
  const size_t cross = text.find('x');
  if (cross == std::string::npos) return {side(text), side(text)};
  return {side(text.substr(cross + 1)), side(text.substr(0, cross))};
}

bool parseBool(const Option& option, const std::string& text) {
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  reject(option, "true or false", text);
}

Task parseTask(const Option& option, const std::string& text) {
  for (const Task task : {Task::kPretrain, Task::kFinetune})
    if (text == nameOf(task)) return task;
  reject(option, "pretrain or finetune", text);
}

Family parseFamily(const Option& option, const std::string& text) {
  if (text == "twins") return Family::kTwinsSvt;  // the one of the two that the paper is named for
  for (const auto& [family, word] : kFamilies)
    if (text == word) return family;
  reject(option, "an encoder", text);
}

Orientation parseOrientation(const Option& option, const std::string& text) {
  if (const auto orientation = orientationNamed(text)) return *orientation;
  reject(option, "apply or ignore", text);
}

Labelling parseLabelling(const Option& option, const std::string& text) {
  for (const Labelling labelling : {Labelling::kOne, Labelling::kSeveral})
    if (text == nameOf(labelling)) return labelling;
  reject(option, "one or several", text);
}

EvalRule parseEvalRule(const Option& option, const std::string& text) {
  if (const auto rule = evalRuleNamed(text)) return *rule;
  reject(option, "a rule", text);
}

std::string parseWord(const Option& option, const std::string& text) {
  const auto& choices = option.choices;
  if (!choices.empty() && std::find(choices.begin(), choices.end(), text) == choices.end())
    reject(option, "", text);
  if (text.find_first_of("\n\r") != std::string::npos) reject(option, "a single line", text);
  return text;
}

}  // namespace

void Option::set(const std::string& text) const {
  std::visit(Overloaded{[&](int* v) { *v = parseNumber<int>(*this, "a whole number", text); },
                        [&](uint64_t* v) { *v = parseNumber<uint64_t>(*this, "a whole number", text); },
                        [&](double* v) { *v = parseNumber<double>(*this, "a number", text); },
                        [&](bool* v) { *v = parseBool(*this, text); },
                        [&](std::string* v) { *v = parseWord(*this, text); },
                        [&](std::vector<int>* v) { *v = parseList(*this, text); },
                        [&](cv::Size* v) { *v = parseSize(*this, text); },
                        [&](Task* v) { *v = parseTask(*this, text); },
                        [&](Family* v) { *v = parseFamily(*this, text); },
                        [&](Orientation* v) { *v = parseOrientation(*this, text); },
                        [&](Labelling* v) { *v = parseLabelling(*this, text); },
                        [&](EvalRule* v) { *v = parseEvalRule(*this, text); }},
             value);
}

std::string Option::get() const {
  return std::visit(
      Overloaded{[](const std::vector<int>* v) { return fmt::format("{}", fmt::join(*v, ",")); },
                 [](const cv::Size* v) { return sizeText(*v); }, [](const Task* v) { return nameOf(*v); },
                 [](const Family* v) { return nameOf(*v); },
                 [](const Orientation* v) { return std::string(nameOf(*v)); },
                 [](const Labelling* v) { return std::string(nameOf(*v)); },
                 [](const EvalRule* v) { return std::string(nameOf(*v)); },
                 [](const auto* v) { return fmt::format("{}", *v); }},  // shortest exact text of a double
      value);
}

}  // namespace cv::mixmim
