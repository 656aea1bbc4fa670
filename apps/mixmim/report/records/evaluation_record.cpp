#include "report/records/evaluation_record.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim::report {

namespace json = boost::json;

namespace {

constexpr size_t kMostClasses = 100000, kMostPictures = 64;

/// The members of the file, each checked when it is asked for.
class Members {
 public:
  Members(const json::object& object, const std::string& where) : object_(object), where_(where) {}

  [[noreturn]] void wrong(const std::string& name, const std::string& expected) const {
    throw Error(where_, fmt::format("'{}': expected {}", name, expected));
  }

  const json::value& at(const char* name) const {
    const json::value* value = object_.if_contains(name);
    if (!value) wrong(name, "a value");
    return *value;
  }
  std::string text(const char* name) const {
    if (!at(name).is_string()) wrong(name, "a text");
    return std::string(at(name).get_string());
  }
  double share(const char* name) const {
    const double value = at(name).is_number() ? at(name).to_number<double>() : -1;
    if (!(value >= 0 && value <= 1)) wrong(name, "a number from 0 to 1");
    return value;
  }
  int64_t count(const char* name) const { return asCount(at(name), name); }
  const json::array& list(const char* name, size_t most) const {
    if (!at(name).is_array() || at(name).get_array().size() > most)
      wrong(name, fmt::format("a list of at most {}", most));
    return at(name).get_array();
  }

  int64_t asCount(const json::value& value, const char* name) const {
    constexpr int64_t kMost = int64_t{1} << 50;
    if (!value.is_int64() || value.get_int64() < 0 || value.get_int64() > kMost)
      wrong(name, "a whole number, not negative");
    return value.get_int64();
  }

  Members inner(const json::value& value, const char* name) const {
    if (!value.is_object()) wrong(name, "objects");
    return {value.get_object(), where_};
  }

 private:
  const json::object& object_;
  const std::string& where_;
};

void readConfusion(const Members& file, EvaluationRecord& record) {
  constexpr size_t kMostEntries = 2000000;
  constexpr const char* kName = "confusion";
  for (const json::value& entry : file.list(kName, kMostEntries)) {
    if (!entry.is_array() || entry.get_array().size() != 3) file.wrong(kName, "triples");
    const json::array& triple = entry.get_array();
    const int64_t label = file.asCount(triple[0], kName), answer = file.asCount(triple[1], kName);
    const auto classes = static_cast<int64_t>(record.labels.size());
    if (label >= classes || answer >= classes) file.wrong(kName, fmt::format("classes below {}", classes));
    record.confusion[{static_cast<int>(label), static_cast<int>(answer)}] = file.asCount(triple[2], kName);
  }
}

std::vector<AnsweredPicture> readPictures(const Members& file, const char* name) {
  std::vector<AnsweredPicture> pictures;
  for (const json::value& entry : file.list(name, kMostPictures)) {
    const Members members = file.inner(entry, name);
    pictures.push_back({members.text("file"), members.text("name"), members.text("label"),
                        members.text("answer"), members.share("probability"),
                        members.share("label_probability")});
    const std::string& picture = pictures.back().file;
    if (picture.empty() || picture.front() == '.' ||
        picture.find_first_of(std::string("/\\\0", 3)) != std::string::npos)
      file.wrong("file", "the plain name of a picture");
  }
  return pictures;
}

LabelNumbers numbersOf(const Members& label) {
  return {label.count("images"), label.share("ap"), label.share("precision"), label.share("recall"),
          label.share("f1")};
}

}  // namespace

int64_t EvaluationRecord::imagesOf(int label) const {
  int64_t sum = 0;
  for (auto entry = confusion.lower_bound({label, 0});
       entry != confusion.end() && entry->first.first == label; ++entry)
    sum += entry->second;
  return sum;
}

int64_t EvaluationRecord::count(int label, int answer) const {
  const auto found = confusion.find({label, answer});
  return found == confusion.end() ? 0 : found->second;
}

EvaluationRecord parseEvaluation(std::string_view text, const std::string& where) {
  const json::value root = parseJson(text, where);
  if (!root.is_object()) throw Error(where, "expected an object");
  const Members file(root.get_object(), where);
  EvaluationRecord record;
  record.step = file.count("step");
  record.images = file.count("images");
  record.data = file.text("data");
  const bool several = root.get_object().contains("map");
  for (const json::value& entry : file.list("per_class", kMostClasses)) {
    const Members members = file.inner(entry, "per_class");
    record.labels.push_back(members.text("label"));
    if (several) record.perLabel.push_back(numbersOf(members));
  }
  if (several) {
    record.map = file.share("map");
    record.f1 = file.share("f1");
    record.exact = file.share("exact");
  } else {
    record.top1 = file.share("top1");
    record.top5 = file.share("top5");
  }
  readConfusion(file, record);
  record.hardest = readPictures(file, "hardest");
  record.confident = readPictures(file, "confident");
  return record;
}

}  // namespace cv::mixmim::report
