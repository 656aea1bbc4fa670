#include "sources/files/pixel_classes.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "data_pipeline/label_map.hpp"
#include "opencv2/mixmim/byte_order_mark.hpp"
#include "opencv2/mixmim/error.hpp"
#include "sources/files/input_file.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

namespace fs = std::filesystem;

namespace {

constexpr const char* kClassFile = "classes.txt";

std::string textOf(const std::string& path) {
  constexpr int64_t kLargest = 1 << 20;
  const InputFile file(path);
  if (file.size() > kLargest)
    throw Error(path, fmt::format("expected at most {} bytes, got {}", kLargest, file.size()));
  std::string text(static_cast<size_t>(file.size()), '\0');
  text.resize(file.readAt(0, text.data(), text.size()));
  return text;
}

/// Without blanks around them, and without empty ones at the end.
std::vector<std::string> linesOf(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(" \t\r"), line.size()));
    lines.emplace_back(line.substr(0, line.find_last_not_of(" \t\r") + 1));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// An empty line is refused, because it would number the names behind it otherwise than people see.
void checkNames(const std::string& path, const std::vector<std::string>& names) {
  if (names.empty()) throw Error(path, "names no class, expected one per line");
  if (names.size() > static_cast<size_t>(kIgnoredLabel))
    throw Error(path, fmt::format("expected at most {} classes, got {}", kIgnoredLabel, names.size()),
                "255 is the label of ignored pixels");
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string line = fmt::format("{}:{}", path, i + 1);
    if (names[i].empty())
      throw Error(line, fmt::format("expected the name of class {}, got an empty line", i));
    refuseUnlessUtf8(names[i], line);
    if (std::count(names.begin(), names.begin() + static_cast<std::ptrdiff_t>(i), names[i]) > 0)
      throw Error(line, fmt::format("'{}' is there twice", names[i]));
  }
}

std::vector<std::string> readNames(const std::string& path) {
  const std::string text = textOf(path);
  std::vector<std::string> names = linesOf(withoutUtf8Mark(text));
  checkNames(path, names);
  return names;
}

}  // namespace

std::vector<std::string> pixelClasses(const std::string& folder, const SourceOptions& options,
                                      std::vector<std::string> usual) {
  const fs::path beside = fs::path(folder) / kClassFile;
  const fs::path above = fs::absolute(folder).lexically_normal().parent_path() / kClassFile;
  std::error_code none;
  for (const fs::path& path : {beside, above})
    if (fs::is_regular_file(path, none)) return readNames(path.string());
  if (usual.empty() && options.classes == Classes::kNeeded)
    throw Error(folder, "has no classes.txt, and classes are needed",
                "expected it there or in the folder above, with a name per line in the order of the labels");
  return usual;
}

std::vector<std::string> classesOfVoc() {
  return {"background", "aeroplane", "bicycle",     "bird",  "boat",        "bottle", "bus",
          "car",        "cat",       "chair",       "cow",   "diningtable", "dog",    "horse",
          "motorbike",  "person",    "pottedplant", "sheep", "sofa",        "train",  "tvmonitor"};
}

}  // namespace cv::mixmim
