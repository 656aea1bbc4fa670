// The arguments of a verb. All settings of a run come from the one list in opencv2/mixmim/train/options.hpp;
// a verb adds its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

/// The user called the program wrongly: exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// The value that the arguments give an option, "" if none. For an option that decides the defaults, and so
/// is looked for before the line is parsed as a whole.
std::string said(const std::vector<std::string>& arguments, const std::string& option);

/// preset(), except that its error is a UsageError.
Preset presetNamed(const std::string& name);

/// An option as help, reference and completion see it.
struct LineOption {
  std::string name, alias;                      ///< without dashes; alias may be ""
  std::string sentence, unit, fallback, range;  ///< for people
  std::vector<std::string> choices;             ///< the only words it accepts; empty = any
  bool takesValue = true, isSetting = false;    ///< a setting may also stand in a config file
};

class CommandLine {
 public:
  /// `usage` is what follows the verb in the usage line; `example` is a whole command.
  CommandLine(std::string verb, std::string sentence, std::string usage, std::string example);

  /// An option of this verb. `fallback` is its value when it is not given.
  CommandLine& option(const std::string& name, const std::string& sentence, const std::string& fallback = "",
                      const std::string& unit = "");
  /// The same, where only some words make sense. They are offered, and checked by whoever reads them.
  CommandLine& choice(const std::string& name, const std::string& sentence, const std::string& fallback,
                      std::vector<std::string> choices);
  CommandLine& flag(const std::string& name, const std::string& sentence);
  /// Accepts every setting of the list, --preset NAME and --config FILE. `only`: keep those of these sections
  /// or names.
  CommandLine& settings(Task task, std::vector<std::string> only = {});
  /// Accepts words that are not options; `choices` are those that make sense, if only some do.
  CommandLine& words(const std::string& name, std::vector<std::string> choices = {});
  /// Another whole command for the help.
  CommandLine& example(const std::string& command);

  const std::string& verb() const { return verb_; }
  const std::string& sentence() const { return sentence_; }
  const std::string& usage() const { return usage_; }
  const std::vector<std::string>& arguments() const { return arguments_; }  ///< as they were parsed
  const std::vector<std::string>& examples() const { return examples_; }
  const std::vector<std::string>& wordChoices() const { return wordChoices_; }
  /// Its own options, then the settings it accepts.
  std::vector<LineOption> options() const;
  bool takesAllSettings() const { return takesSettings_ && only_.empty(); }

  /// False: help was asked for and has been printed. Throws UsageError, naming the nearest option.
  bool parse(const std::vector<std::string>& arguments);

  bool has(const std::string& name) const { return given_.count(name) > 0; }
  std::string get(const std::string& name) const;
  int number(const std::string& name, int min, int max) const;  ///< UsageError outside the range
  static int wholeNumber(const std::string& name, const std::string& text, int min, int max);
  std::string required(const std::string& name) const;  ///< UsageError if it is not given
  const std::vector<std::string>& words() const { return words_; }

  /// Settings as the user gave them: the file's first, then the command line's.
  std::vector<Setting> given() const;
  /// The last value given for a setting under this spelling, or "".
  std::string setting(const std::string& spelling) const;
  /// The resolved config: defaults, `before`, file, command line. UsageError where it does not fit together,
  /// the dimensions of the model included.
  Config config(const std::vector<Setting>& before = {}) const;

 private:
  std::vector<std::string> settingNames() const;  ///< all spellings, but those of own options
  /// Says that the second value of an option counts, under whichever of its names it is given.
  void warnOfTwice(const std::string& spelling, const std::string& value,
                   std::map<std::string, std::string>& values) const;

  std::string verb_, sentence_, usage_;
  std::vector<std::string> examples_;
  std::vector<LineOption> own_;
  bool takesSettings_ = false;
  Task task_ = Task::kPretrain;
  std::vector<std::string> only_;
  std::string wordsName_;
  std::vector<std::string> wordChoices_;
  std::map<std::string, std::string> given_;  // own options
  std::vector<Setting> settings_;             // of the command line, in order
  std::vector<std::string> words_, arguments_;
};

}  // namespace cv::mixmim
