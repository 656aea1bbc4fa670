#include "terminal/command_line.hpp"

#include <algorithm>
#include <boost/program_options.hpp>
#include <charconv>
#include <cmath>
#include <iostream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "model/plan.hpp"
#include "terminal/help_text.hpp"

namespace cv::mixmim {

namespace po = boost::program_options;

std::string said(const std::vector<std::string>& arguments, const std::string& option) {
  const std::string name = "--" + option;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].compare(0, name.size() + 1, name + "=") == 0)
      return arguments[i].substr(name.size() + 1);
    if (arguments[i] == name && i + 1 < arguments.size()) return arguments[i + 1];
  }
  return {};
}

Preset presetNamed(const std::string& name) {
  try {
    return preset(name);
  } catch (const Error& error) {
    throw UsageError(std::string("--") + error.what());
  }
}

CommandLine::CommandLine(std::string verb, std::string sentence, std::string usage, std::string example)
    : verb_(std::move(verb)),
      sentence_(std::move(sentence)),
      usage_(std::move(usage)),
      examples_{std::move(example)} {}

CommandLine& CommandLine::option(const std::string& name, const std::string& sentence,
                                 const std::string& fallback, const std::string& unit) {
  LineOption option;
  option.name = name;
  option.sentence = sentence;
  option.fallback = fallback;
  option.unit = unit;
  own_.push_back(std::move(option));
  return *this;
}

CommandLine& CommandLine::choice(const std::string& name, const std::string& sentence,
                                 const std::string& fallback, std::vector<std::string> choices) {
  option(name, sentence, fallback);
  own_.back().choices = std::move(choices);
  return *this;
}

CommandLine& CommandLine::flag(const std::string& name, const std::string& sentence) {
  option(name, sentence);
  own_.back().takesValue = false;
  return *this;
}

CommandLine& CommandLine::settings(Task task, std::vector<std::string> only) {
  takesSettings_ = true;
  task_ = task;
  only_ = std::move(only);
  if (only_.empty())
    choice("preset", fmt::format("Settings to start from: {}.", fmt::join(presetNames(), ", ")), "",
           presetNames());
  return option("config", "Read settings from this file; the command line wins.");
}

CommandLine& CommandLine::words(const std::string& name, std::vector<std::string> choices) {
  wordsName_ = name;
  wordChoices_ = std::move(choices);
  return *this;
}

CommandLine& CommandLine::example(const std::string& command) {
  examples_.push_back(command);
  return *this;
}

namespace {

constexpr const char* kWord = "word";  // Boost wants a name for words that are not options

bool listed(const std::string& name, const std::vector<std::string>& only) {
  const auto matches = [&](const std::string& o) { return name == o || name.rfind(o + ".", 0) == 0; };
  return only.empty() || std::any_of(only.begin(), only.end(), matches);
}

enum class Takes { kValue, kNothing, kTruth };

/// kTruth: a setting that is true or false, and true when nothing follows it.
void add(po::options_description& description, const std::string& name, Takes takes) {
  auto* value = po::value<std::string>();
  if (takes == Takes::kNothing) value->zero_tokens();
  if (takes == Takes::kTruth) value->implicit_value("true");
  description.add_options()(name.c_str(), value, "");
}

std::string rangeOf(const Option& option) {
  if (!option.choices.empty()) return fmt::format("{}", fmt::join(option.choices, ", "));
  if (std::holds_alternative<bool*>(option.value)) return "true, false";
  const bool number = std::holds_alternative<int*>(option.value) ||
                      std::holds_alternative<double*>(option.value) ||
                      std::holds_alternative<std::vector<int>*>(option.value) ||
                      std::holds_alternative<cv::Size*>(option.value);
  return number && !std::isinf(option.min) ? fmt::format("{} to {}", option.min, option.max) : "";
}

}  // namespace

std::vector<LineOption> CommandLine::options() const {
  std::vector<LineOption> all = own_;
  if (!takesSettings_) return all;
  Config config = resolve(task_, {});
  const auto isOwn = [&](const std::string& name) {
    return std::any_of(own_.begin(), own_.end(), [&](const LineOption& o) { return o.name == name; });
  };
  for (const Option& o : cv::mixmim::options(config)) {
    if (!listed(o.name, only_)) continue;
    const std::string alias = isOwn(o.alias) ? "" : o.alias;  // the verb's own wins
    all.push_back({o.name, alias, o.sentence, o.unit, o.get(), rangeOf(o), o.choices, true, true});
  }
  return all;
}

void CommandLine::warnOfTwice(const std::string& spelling, const std::string& value,
                              std::map<std::string, std::string>& values) const {
  if (spelling == kWord) return;
  std::string name = spelling;
  for (const LineOption& o : options())
    if (o.alias == spelling) name = o.name;
  const auto [place, isNew] = values.emplace(name, value);
  if (isNew || place->second == value) return;
  std::cerr << fmt::format("warning: --{}: given twice, {} and {}; the last one counts\n", spelling,
                           place->second, value);
  place->second = value;
}

std::vector<std::string> CommandLine::settingNames() const {
  std::vector<std::string> names;
  for (const LineOption& o : options())
    for (const std::string& name : {o.name, o.alias})
      if (o.isSetting && !name.empty()) names.push_back(name);
  return names;
}

bool CommandLine::parse(const std::vector<std::string>& arguments) {
  arguments_ = arguments;
  po::options_description description;
  std::vector<std::string> names{"help"};
  const std::vector<std::string> settingNames = this->settingNames();
  names.insert(names.end(), settingNames.begin(), settingNames.end());
  for (const LineOption& o : options()) {
    const bool truth = o.isSetting && o.range == "true, false";
    const Takes takes = truth ? Takes::kTruth : o.takesValue ? Takes::kValue : Takes::kNothing;
    add(description, o.name, takes);
    if (!o.alias.empty()) add(description, o.alias, takes);
    if (!o.isSetting) names.push_back(o.name);
  }
  description.add_options()("help,h", "");
  const std::string hint = fmt::format("`mixmim {} --help` lists all options", verb_);
  try {
    po::positional_options_description positional;
    po::options_description hidden;
    hidden.add(description).add_options()(kWord, po::value<std::vector<std::string>>(), "");
    if (!wordsName_.empty()) positional.add(kWord, -1);
    constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    const auto parsed =
        po::command_line_parser(arguments).options(hidden).positional(positional).style(kStyle).run();
    std::map<std::string, std::string> values;  // by name, not alias
    for (const auto& option : parsed.options) {
      const std::string value = option.value.empty() ? "true" : option.value.front();  // a flag says yes
      if (option.string_key == "help") {
        std::cout << helpText(*this, outputWidth());
        return false;
      }
      warnOfTwice(option.string_key, value, values);
      if (option.string_key == kWord)
        words_.push_back(value);
      else if (std::find(settingNames.begin(), settingNames.end(), option.string_key) != settingNames.end())
        settings_.push_back({option.string_key, value, "--" + option.string_key});
      else
        given_[option.string_key] = value;
    }
  } catch (const po::unknown_option& e) {
    const std::string word = e.get_option_name();
    const std::string bare = word.substr(std::min(word.find_first_not_of('-'), word.size()));
    if (bare == "run.patience" && takesSettings_)
      throw UsageError(
          "--run.patience: is --run.lostSeconds now; --run.earlyStop ends a run that gets no better");
    const std::string nearest = nearestName(bare, names);
    throw UsageError(fmt::format("mixmim {}: unknown option '{}'; {}", verb_, word,
                                 nearest.empty() ? hint : fmt::format("did you mean '--{}'?", nearest)));
  } catch (const po::too_many_positional_options_error&) {
    throw UsageError(fmt::format("mixmim {}: takes options only; {}", verb_, hint));
  } catch (const po::error& e) {
    throw UsageError(fmt::format("mixmim {}: {}; {}", verb_, e.what(), hint));
  }
  return true;
}

std::string CommandLine::get(const std::string& name) const {
  if (const auto found = given_.find(name); found != given_.end()) return found->second;
  const auto matches = [&](const LineOption& o) { return o.name == name; };
  const auto own = std::find_if(own_.begin(), own_.end(), matches);
  return own == own_.end() ? "" : own->fallback;
}

std::string CommandLine::required(const std::string& name) const {
  if (get(name).empty())
    throw UsageError(
        fmt::format("mixmim {}: --{} is needed; `mixmim {} --help` explains it", verb_, name, verb_));
  return get(name);
}

int CommandLine::number(const std::string& name, int min, int max) const {
  return wholeNumber(name, get(name), min, max);
}

int CommandLine::wholeNumber(const std::string& name, const std::string& text, int min, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min || value > max)
    throw UsageError(
        fmt::format("--{}: expected a whole number from {} to {}, got '{}'", name, min, max, text));
  return value;
}

std::vector<Setting> CommandLine::given() const {
  std::vector<Setting> all;
  if (has("preset")) {
    Preset wanted = presetNamed(get("preset"));
    if (wanted.task != task_)
      throw UsageError(fmt::format("--preset: '{}' belongs to another command", get("preset")));
    all = std::move(wanted.settings);
  }
  if (has("config")) {
    const std::vector<Setting> file = readConfigFile(get("config"));
    all.insert(all.end(), file.begin(), file.end());
  }
  all.insert(all.end(), settings_.begin(), settings_.end());
  return all;
}

std::string CommandLine::setting(const std::string& spelling) const {
  std::string value;
  for (const Setting& setting : settings_)
    if (setting.key == spelling) value = setting.value;
  return value;
}

Config CommandLine::config(const std::vector<Setting>& before) const {
  std::vector<Setting> settings = before;
  const std::vector<Setting> said = given();
  settings.insert(settings.end(), said.begin(), said.end());
  try {
    Config config = resolve(task_, settings);
    planOf(config.model);  // throws where the dimensions do not fit
    return config;
  } catch (const Error& e) {
    throw UsageError(e.what());
  }
}

}  // namespace cv::mixmim
