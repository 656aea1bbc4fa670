// The arguments of a verb. All settings of a run come from the one list in opencv2/mixmim/options.hpp; a verb
// adds its own.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/options.hpp"

namespace cv::mixmim {

/// The user called the program wrongly: exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

/// The value that the arguments give an option, "" if none. For an option that decides the defaults, and so
/// is looked for before the line is parsed as a whole.
std::string said(const std::vector<std::string>& arguments, const std::string& option);

/// preset(), whose error is one of usage.
Preset presetNamed(const std::string& name);

class CommandLine {
 public:
  /// `usage` is what follows the verb in the usage line; `example` is a whole command.
  CommandLine(std::string verb, std::string sentence, std::string usage, std::string example);

  /// An option of this verb. `fallback` is its value when it is not given.
  CommandLine& option(const std::string& name, const std::string& sentence, const std::string& fallback = "");
  CommandLine& flag(const std::string& name, const std::string& sentence);
  /// Accepts every setting of the list, --preset NAME and --config FILE. `only`: keep those of these sections
  /// or names.
  CommandLine& settings(Task task, std::vector<std::string> only = {});
  /// Accepts words that are not options.
  CommandLine& words(const std::string& name);

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
  /// The resolved config: defaults, file, command line.
  Config config() const;

 private:
  struct OwnOption {
    std::string name, sentence, fallback;
    bool isFlag;
  };

  void print() const;

  std::string verb_, sentence_, usage_, example_;
  std::vector<OwnOption> own_;
  bool takesSettings_ = false;
  Task task_ = Task::kPretrain;
  std::vector<std::string> only_;
  std::string wordsName_;
  std::map<std::string, std::string> given_;  // own options
  std::vector<Setting> settings_;             // of the command line, in order
  std::vector<std::string> words_;
};

}  // namespace cv::mixmim
