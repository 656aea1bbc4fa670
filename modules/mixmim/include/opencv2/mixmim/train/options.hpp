// One list of options for everything: configuration file, command line, help, saving, and the JSON a plugin
// is created with.
#pragma once

#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Properties of an option beside its value: none of these, or several together.
enum class Scope : unsigned {
  kFixed = 0,  ///< the same from the first step to the last, in all processes
  /// A resumed run may have another value, because it says where, how or how often, not what is computed.
  kChangesOnResume = 1,
  kDiffersPerProcess = 2,  ///< each process of a run may have a value of its own
  kShape = 4,              ///< it decides which shapes the weights of a model have
  kOfTask = 8,             ///< belongs to a model, but no run takes it from the weights it starts from
  kChangesOnExport = 16,   ///< an exported model may have another value than its checkpoint
};

/// The properties of both.
constexpr Scope operator|(Scope a, Scope b) {
  return static_cast<Scope>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}

/// One setting: where it lives in a Config, how it is called, and what may be written there.
struct CV_EXPORTS Option {
  std::string name;      ///< "optim.lr": section of the file, dot, key; also the command line's --optim.lr
  std::string alias;     ///< short spelling on the command line ("epochs"), or ""
  std::string sentence;  ///< help, one sentence
  std::string unit;      ///< "px", "epochs", ... or ""
  /// The member of a Config that holds the value.
  std::variant<int*, uint64_t*, double*, bool*, std::string*, std::vector<int>*, cv::Size*, Task*, Family*,
               Orientation*, Labelling*, EvalRule*>
      value;
  /// Least number that is allowed, elements of lists and sides of sizes included.
  double min = -std::numeric_limits<double>::infinity();
  double max = std::numeric_limits<double>::infinity();  ///< largest
  std::vector<std::string> choices{};                    ///< allowed words, empty = any
  Scope scope = Scope::kFixed;                           ///< properties of the option

  /// Whether the option has all properties of `wanted`.
  bool is(Scope wanted) const { return (scope | wanted) == scope; }
  /// Parses `text` into the config. Throws Error naming key, value and allowed range.
  void set(const std::string& text) const;
  /// The value as a config file would hold it; set(get()) changes nothing.
  std::string get() const;
};

/// The list. The pointers point into `config`, which must outlive them.
CV_EXPORTS std::vector<Option> options(Config& config);

/// One assignment as the user wrote it, and where ("--optim.lr", or "run.ini" and the line).
struct Setting {
  std::string key;     ///< name or alias of an option
  std::string value;   ///< as text
  std::string origin;  ///< for messages
  int line = 0;        ///< in a file, from 1
};

/// Reads an INI file: [section], key = value, and a # at the beginning of a line or behind a blank begins a
/// comment. A value may stand in double quotes, in which \" and \\ stand for " and \. Values are not
/// interpreted yet. Throws Error "file:line: ..." for a line that is neither or gives an option a second
/// time, or for a file that cannot be read, is UTF-16, or is larger than 1 MiB.
CV_EXPORTS std::vector<Setting> readConfigFile(const std::string& path);
/// The same from text, for tests and fuzzing.
CV_EXPORTS std::vector<Setting> parseConfig(const std::string& text, const std::string& origin);

/// Defaults of the task and the encoder, then the named model's dimensions, then `settings` in order (later
/// ones win). Throws Error for an unknown key (with the nearest name), a bad value, or a contradiction
/// between values (image size and stride, for example).
CV_EXPORTS Config resolve(Task task, const std::vector<Setting>& settings);

/// A named set of settings: a published training recipe.
struct Preset {
  Task task;                      ///< what it is for
  std::string sentence;           ///< what it is
  std::vector<Setting> settings;  ///< what differs from the defaults of the task
};

/// "pretrain-base-600ep", ...; each task's own name stands for its published defaults. Throws Error, with the
/// list, for other names.
CV_EXPORTS Preset preset(const std::string& name);
/// All of them.
CV_EXPORTS std::vector<std::string> presetNames();

/// The names `model.name` accepts.
CV_EXPORTS std::vector<std::string> modelNames();

/// INI text with every key; with `comments`, each preceded by its sentence, unit and range.
CV_EXPORTS std::string toIni(const Config& config, bool comments = true);

/// {"data": {"train": ...}, ...}: numbers as numbers, lists as arrays. fromJson(toJson(c)) equals c.
CV_EXPORTS std::string toJson(const Config& config);
/// Throws Error for unknown keys and bad values.
CV_EXPORTS Config fromJson(const std::string& json);

}  // namespace cv::mixmim
