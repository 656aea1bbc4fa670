#include "inputs/class_match.hpp"

#include <algorithm>
#include <charconv>
#include <iostream>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "inputs/text_lines.hpp"
#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

using Labels = std::vector<std::string>;

constexpr const char* kHint = "--class-map FILE says which class of the model each class of the data is";

std::optional<int> wholeNumber(const std::string& text) {
  int number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  return error == std::errc() && end == last && number >= 0 ? std::optional(number) : std::nullopt;
}

bool areNumbers(const Labels& labels) {
  return std::all_of(labels.begin(), labels.end(),
                     [](const std::string& label) { return wholeNumber(label).has_value(); });
}

bool arePositions(const Labels& labels) {
  return labels == numberedClasses(static_cast<int>(labels.size()));
}

/// The class of that name, else of that number.
std::optional<int> classOf(const std::string& text, const Labels& labels) {
  const auto named = std::find(labels.begin(), labels.end(), text);
  if (named != labels.end()) return static_cast<int>(named - labels.begin());
  const std::optional<int> number = wholeNumber(text);
  return number && *number < static_cast<int>(labels.size()) ? number : std::nullopt;
}

ClassMatch byPosition(const Labels& data, const std::string& note) {
  ClassMatch match{{}, note};
  for (size_t i = 0; i < data.size(); ++i) match.classes.push_back(static_cast<int>(i));
  return match;
}

/// Matches by name. Nothing where a class is not found; those are added to `missing`.
std::optional<ClassMatch> byName(const Labels& data, const Labels& model, Labels* missing) {
  ClassMatch match;
  for (const std::string& label : data) {
    const auto found = std::find(model.begin(), model.end(), label);
    if (found == model.end()) missing->push_back('\'' + label + '\'');
    match.classes.push_back(static_cast<int>(found - model.begin()));
  }
  if (!missing->empty()) return std::nullopt;
  if (data != model)
    match.note =
        data.size() == model.size()
            ? "its classes have another order than the model's, and are matched by name"
            : fmt::format("has {} of the model's {} classes, matched by name", data.size(), model.size());
  return match;
}

/// Numbers of the data are positions among the model's names.
std::optional<ClassMatch> byNumber(const Labels& data, const Labels& model) {
  if (!areNumbers(data)) return std::nullopt;
  ClassMatch match{{}, "its classes are numbers, and count as positions among the model's"};
  for (const std::string& label : data) {
    const int number = *wholeNumber(label);
    if (number >= static_cast<int>(model.size())) return std::nullopt;
    match.classes.push_back(number);
  }
  return match;
}

ClassMatch byMap(const std::string& where, const Labels& data, const Labels& model, const ClassMap& map) {
  ClassMatch match{{}, "its classes are matched by --class-map"};
  std::set<std::string> unused;
  for (const auto& entry : map) unused.insert(entry.first);
  for (size_t i = 0; i < data.size(); ++i) {
    auto found = map.find(data[i]);
    if (found == map.end()) found = map.find(std::to_string(i));
    if (found != map.end()) unused.erase(found->first);
    const std::string& wanted = found == map.end() ? data[i] : found->second;
    const std::optional<int> known = classOf(wanted, model);
    if (!known)
      throw Error(where,
                  fmt::format("class '{}' is '{}' of the model, expected one of its {} classes", data[i],
                              wanted, model.size()),
                  "a line of --class-map says data,model");
    match.classes.push_back(*known);
  }
  if (!unused.empty())
    throw Error("--class-map", fmt::format("'{}' is no class of {}", *unused.begin(), where));
  return match;
}

/// A data set whose labels count in another list.
class Relabelled final : public Source {
 public:
  Relabelled(std::shared_ptr<const Source> data, Labels labels, std::vector<int> classes)
      : data_(std::move(data)), labels_(std::move(labels)), classes_(std::move(classes)) {}

  int64_t size() const override { return data_->size(); }
  int label(int64_t index) const override {
    const int label = data_->label(index);
    return label < 0 ? label : classes_.at(static_cast<size_t>(label));
  }
  bool hasSeveralLabels() const override { return data_->hasSeveralLabels(); }
  std::vector<int> labelsOf(int64_t index) const override {
    std::vector<int> labels = data_->labelsOf(index);
    for (int& label : labels) label = classes_.at(static_cast<size_t>(label));
    std::sort(labels.begin(), labels.end());
    return labels;
  }
  std::string path(int64_t index) const override { return data_->path(index); }
  std::string name(int64_t index) const override { return data_->name(index); }
  int64_t offset(int64_t index) const override { return data_->offset(index); }
  void read(int64_t index, std::vector<uint8_t>& bytes) const override { data_->read(index, bytes); }
  bool hasMasks() const override { return data_->hasMasks(); }
  void readMask(int64_t index, std::vector<uint8_t>& bytes) const override { data_->readMask(index, bytes); }
  std::string maskPlace(int64_t index) const override { return data_->maskPlace(index); }
  const Labels& labels() const override { return labels_; }
  std::string fingerprint() const override { return data_->fingerprint(); }
  std::vector<SourceProblem> problems() const override { return data_->problems(); }

 private:
  const std::shared_ptr<const Source> data_;
  const Labels labels_;
  const std::vector<int> classes_;
};

/// The two names of a line; quotes as in CSV.
std::vector<std::string> fields(const std::string& line) {
  std::vector<std::string> all(1);
  bool quoted = false;
  for (size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"')
      all.back() += line[++i];
    else if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      all.emplace_back();
    else
      all.back() += c;
  }
  return all;
}

}  // namespace

std::vector<std::string> numberedClasses(int classes) {
  Labels names;
  for (int i = 0; i < classes; ++i) names.push_back(std::to_string(i));
  return names;
}

ClassMap readClassMap(const std::string& path) {
  ClassMap map;
  if (path.empty()) return map;
  int number = 0;
  for (const std::string& line : readTextLines(path, "expected a text file with lines data,model")) {
    ++number;
    const std::vector<std::string> pair = fields(line);
    const std::string where = fmt::format("{}: line {}", path, number);
    if (pair.size() != 2 || pair[0].empty() || pair[1].empty())
      throw Error(where, fmt::format("expected data,model, got '{}'", line));
    if (!map.emplace(pair[0], pair[1]).second)
      throw Error(where, fmt::format("class '{}' is there twice", pair[0]));
  }
  if (map.empty()) throw Error(path, "is empty, expected lines data,model");
  return map;
}

ClassMatch matchClasses(const std::string& where, const Labels& data, const ModelClasses& model,
                        const ClassMap& map) {
  if (!map.empty()) return byMap(where, data, model.labels, map);
  Labels missing;
  if (const auto match = byName(data, model.labels, &missing)) return *match;
  if (const auto match = byNumber(data, model.labels)) return *match;
  const bool sameCount = data.size() == model.labels.size();
  if (sameCount && arePositions(model.labels))
    return byPosition(data, "the model's classes have no names, and are matched by position");
  if (sameCount && model.renamed && missing.size() == data.size())
    return byPosition(data,
                      "its classes have other names than --labels gave the model's, and are matched by "
                      "position");
  throw Error(
      where,
      fmt::format("has classes that are none of the model's {}: {}", model.labels.size(), firstFew(missing)),
      kHint);
}

std::shared_ptr<const Source> withClassesOf(const ModelClasses& model, std::shared_ptr<const Source> data,
                                            const std::string& where, const ClassMap& map) {
  if (data->hasSeveralLabels() && model.labelling == Labelling::kOne)
    throw Error(where, "has several labels per picture, but the model tells one class",
                "a fine-tuning with such a list makes one that tells several");
  ClassMatch match = matchClasses(where, data->labels(), model, map);
  if (!match.note.empty()) std::cerr << fmt::format("{}: {}\n", where, match.note);
  if (data->labels() == model.labels && map.empty()) return data;
  return std::make_shared<Relabelled>(std::move(data), model.labels, std::move(match.classes));
}

}  // namespace cv::mixmim
