#include "sources/lists/json_list.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "sources/lists/list_builder.hpp"

namespace cv::mixmim {

namespace {

namespace json = boost::json;
using ErrorCode = boost::system::error_code;
using Text = json::string_view;

/// What stands in the three arrays. An id is a number or a text; numbers are kept as text.
struct Records {
  struct Image {
    uint32_t id = 0;
    size_t pathEnd = 0;  ///< in paths
  };
  struct Annotation {
    uint32_t image = 0, category = 0;
  };
  struct Category {
    std::string id, name;
  };

  /// A small number for an id.
  uint32_t small(const std::string& id) {
    return ids.emplace(id, static_cast<uint32_t>(ids.size())).first->second;
  }

  std::unordered_map<std::string, uint32_t> ids;
  std::string paths;
  std::vector<Image> images;
  std::vector<Annotation> annotations;
  std::vector<Category> categories;
};

/// Receives the parser's events. Only members of objects directly in the three arrays are looked at.
class ListEvents {
 public:
  // Names the parser prescribes.
  static constexpr size_t max_object_size = std::numeric_limits<size_t>::max();
  static constexpr size_t max_array_size = std::numeric_limits<size_t>::max();
  static constexpr size_t max_key_size = 1 << 20, max_string_size = 64 << 20;

  explicit ListEvents(const std::string& list) : list_(list) {}
  Records take() { return std::move(records_); }

  bool on_document_begin(ErrorCode&) { return true; }
  bool on_document_end(ErrorCode&) { return true; }
  bool on_object_begin(ErrorCode&) {
    if (depth_++ == kRecordDepth - 1) record_ = {};
    return true;
  }
  bool on_object_end(size_t, ErrorCode&) {
    if (depth_-- == kRecordDepth) finishRecord();
    return true;
  }
  bool on_array_begin(ErrorCode&) {
    if (depth_ == 0)
      throw Error(list_, "expected an object with images, annotations and categories, got an array");
    ++depth_;
    return true;
  }
  bool on_array_end(size_t, ErrorCode&) {
    --depth_;
    return true;
  }
  bool on_key_part(Text part, size_t, ErrorCode&) { return append(part); }
  bool on_key(Text part, size_t, ErrorCode&) {
    append(part);
    if (depth_ == 1) section_ = sectionOf(text_);
    field_ = depth_ == kRecordDepth ? fieldOf(text_) : nullptr;
    text_.clear();
    return true;
  }
  bool on_string_part(Text part, size_t, ErrorCode&) { return append(part); }
  bool on_string(Text part, size_t, ErrorCode&) {
    append(part);
    take(text_);
    text_.clear();
    return true;
  }
  bool on_number_part(Text, ErrorCode&) { return true; }
  bool on_int64(int64_t value, Text, ErrorCode&) { return take(std::to_string(value)); }
  bool on_uint64(uint64_t value, Text, ErrorCode&) { return take(std::to_string(value)); }
  bool on_double(double, Text, ErrorCode&) { return take({}); }
  bool on_bool(bool, ErrorCode&) { return take({}); }
  bool on_null(ErrorCode&) { return take({}); }
  bool on_comment_part(Text, ErrorCode&) { return true; }
  bool on_comment(Text, ErrorCode&) { return true; }

 private:
  enum class Section { kOther, kImages, kAnnotations, kCategories };
  static constexpr int kRecordDepth = 3;  // object, array, object

  struct Record {
    std::string id, path, image, category, name;
  };

  static Section sectionOf(const std::string& key) {
    if (key == "images") return Section::kImages;
    if (key == "annotations") return Section::kAnnotations;
    return key == "categories" ? Section::kCategories : Section::kOther;
  }

  /// Where the value of this member belongs; null for one that does not matter.
  std::string* fieldOf(const std::string& key) {
    if (section_ == Section::kAnnotations)
      return key == "image_id" ? &record_.image : key == "category_id" ? &record_.category : nullptr;
    if (key == "id") return &record_.id;
    if (section_ == Section::kImages) return key == "file_name" ? &record_.path : nullptr;
    return key == "name" ? &record_.name : nullptr;
  }

  bool append(Text part) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool take(const std::string& value) {
    if (depth_ == kRecordDepth && field_ != nullptr) *field_ = value;
    return true;
  }

  void finishRecord() {
    field_ = nullptr;
    if (section_ == Section::kImages) {
      need(record_.id, "images", "id", records_.images.size());
      need(record_.path, "images", "file_name", records_.images.size());
      records_.paths += record_.path;
      records_.images.push_back({records_.small(record_.id), records_.paths.size()});
    } else if (section_ == Section::kAnnotations) {
      need(record_.image, "annotations", "image_id", records_.annotations.size());
      need(record_.category, "annotations", "category_id", records_.annotations.size());
      records_.annotations.push_back({records_.small(record_.image), records_.small(record_.category)});
    } else if (section_ == Section::kCategories) {
      need(record_.id, "categories", "id", records_.categories.size());
      records_.categories.push_back({record_.id, record_.name.empty() ? record_.id : record_.name});
    }
  }
  void need(const std::string& value, const char* array, const char* member, size_t index) const {
    if (value.empty())
      throw Error(list_,
                  fmt::format("{}[{}]: expected a text or a whole number as {}", array, index, member));
  }

  const std::string& list_;
  Records records_;
  int depth_ = 0;
  Section section_ = Section::kOther;
  Record record_;
  std::string* field_ = nullptr;  // of record_, for the value that comes next
  std::string text_;
};

Records parse(const std::function<std::string_view()>& next, const std::string& list) {
  constexpr size_t kDeepest = 32;
  json::parse_options options;
  options.max_depth = kDeepest;
  json::basic_parser<ListEvents> parser(options, list);
  ErrorCode error;
  size_t read = 0;
  for (bool more = true; more && !error;) {
    const std::string_view text = next();
    more = !text.empty();
    const size_t used = parser.write_some(more, text.data(), text.size(), error);
    read += used;
    if (!error && used < text.size()) error = json::error::extra_data;
  }
  if (error) throw Error(list, fmt::format("not JSON at byte {}: {}", read, error.message()));
  return parser.handler().take();
}

/// By number where all are numbers, else bytewise.
void sortById(std::vector<Records::Category>& categories) {
  const auto shorter = [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  };
  const bool numbers = std::all_of(categories.begin(), categories.end(), [](const auto& category) {
    return category.id.find_first_not_of("0123456789") == std::string::npos;
  });
  std::sort(categories.begin(), categories.end(),
            [&](const auto& a, const auto& b) { return numbers ? shorter(a.id, b.id) : a.id < b.id; });
}

/// The names of classes; those that several have get their ids behind them.
std::vector<std::string> namesOf(const std::vector<Records::Category>& categories) {
  std::unordered_map<std::string, int> times;
  for (const auto& category : categories) ++times[category.name];
  std::vector<std::string> names;
  for (const auto& [id, name] : categories)
    names.push_back(times[name] > 1 && name != id ? fmt::format("{} ({})", name, id) : name);
  return names;
}

/// From records to pictures.
class Joining {
 public:
  Joining(Records records, const std::string& list) : records_(std::move(records)), list_(list) {
    sortById(records_.categories);
    if (records_.categories.size() > static_cast<size_t>(kMostClasses))
      throw Error(list_, fmt::format("expected at most {} categories", kMostClasses));
    numberCategories();
    annotate();
  }

  PictureFiles run(const SourceOptions& options) {
    ListBuilder builder(list_, options);
    size_t begin = 0;
    for (size_t i = 0; i < records_.images.size(); ++i) {
      const auto [id, end] = records_.images[i];
      const std::string_view path = std::string_view(records_.paths).substr(begin, end - begin);
      const std::string place = fmt::format("{}: images[{}]", list_, i);
      if (more_.empty())
        builder.add(path, labelOf_[id] < 0 ? std::string() : std::to_string(labelOf_[id]), place);
      else
        builder.addSeveral(path, labelsOf(id), place);
      begin = end;
    }
    ClassTexts::Numbers numbers;
    numbers.labelOfId = builder.texts().asLabels();
    numbers.names = numbers.labelOfId.empty() ? std::vector<std::string>() : namesOf(records_.categories);
    return builder.finish(numbers);
  }

 private:
  std::vector<std::string> labelsOf(size_t image) const {
    std::vector<std::string> texts;
    if (labelOf_[image] >= 0) texts.push_back(std::to_string(labelOf_[image]));
    if (const auto more = more_.find(image); more != more_.end())
      for (const int label : more->second) texts.push_back(std::to_string(label));
    return texts;
  }

  void numberCategories() {
    categoryOf_.assign(records_.ids.size(), -1);
    for (size_t i = 0; i < records_.categories.size(); ++i) {
      const auto known = records_.ids.find(records_.categories[i].id);
      if (known != records_.ids.end()) categoryOf_[known->second] = static_cast<int>(i);
      if (i > 0 && records_.categories[i].id == records_.categories[i - 1].id)
        throw Error(list_, fmt::format("the category {} is there twice", asUtf8(records_.categories[i].id)));
    }
  }

  void annotate() {
    labelOf_.assign(records_.ids.size(), -1);
    std::vector<bool> isImage(records_.ids.size());
    for (const auto& image : records_.images) isImage[image.id] = true;
    for (size_t i = 0; i < records_.annotations.size(); ++i) {
      const auto [image, category] = records_.annotations[i];
      const int label = categoryOf_[category];
      if (!isImage[image] || label < 0)
        throw Error(list_, fmt::format("annotations[{}]: its {} is not in the file", i,
                                       label < 0 ? "category" : "image"));
      int& first = labelOf_[image];
      if (first < 0) first = label;
      if (first != label) more_[image].push_back(label);
    }
  }

  Records records_;
  const std::string& list_;
  std::vector<int> categoryOf_, labelOf_;              // by small ids; -1 = none
  std::unordered_map<size_t, std::vector<int>> more_;  // labels of images beside their first
};

}  // namespace

PictureFiles readJsonList(const std::function<std::string_view()>& next, const std::string& list,
                          const SourceOptions& options) {
  return Joining(parse(next, list), list).run(options);
}

}  // namespace cv::mixmim
