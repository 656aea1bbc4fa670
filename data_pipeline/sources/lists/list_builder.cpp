#include "sources/lists/list_builder.hpp"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "sources/names/class_warnings.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

void ListBuilder::add(std::string_view path, const std::string& label, const std::string& place) {
  constexpr size_t kLongestPath = 4096;
  path = withoutDot(path);
  if (!options_.root.empty()) path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (path.empty() || path.size() > kLongestPath)
    throw Error(place, fmt::format("expected a path of 1 to {} bytes, got {}", kLongestPath, path.size()));
  if (path.find('\0') != std::string_view::npos) throw Error(place, "a zero byte in a path");
  refuseUnlessUtf8(path, place);
  refuseUnlessUtf8(label, place);
  const int id = texts_.idOf(label, list_);
  withoutClass_ += id < 0;
  if (id < 0 && options_.classes == Classes::kNeeded) return;
  if (options_.imagesPerClass > 0 && used_[id]++ >= options_.imagesPerClass) return;
  files_.pictures.add({}, path, id);
}

PictureFiles ListBuilder::finish() {
  ClassTexts::Numbers numbers = texts_.finish();
  const PictureTable& pictures = files_.pictures;
  if (numbers.numbered)
    numbers.names = namesOfNumbers(
        static_cast<int>(numbers.names.size()), pictures.size(), [&](int64_t i) { return pictures.name(i); },
        [&](int64_t i) {
          const int id = pictures.label(i);
          return id < 0 ? id : numbers.labelOfId[static_cast<size_t>(id)];
        });
  return finish(numbers);
}

PictureFiles ListBuilder::finish(const ClassTexts::Numbers& numbers) {
  PictureTable& pictures = files_.pictures;
  files_.classes = numbers.names;
  if (files_.classes.empty() && options_.classes == Classes::kNeeded)
    throw Error(list_, "has no classes, and they are needed",
                "expected a class beside every path, such as path,label");
  if (pictures.size() == 0) throw Error(list_, "lists no picture");
  std::vector<int64_t> counts(files_.classes.size());
  for (int64_t i = 0; i < pictures.size(); ++i) {
    if (pictures.label(i) < 0) continue;
    const int label = numbers.labelOfId[static_cast<size_t>(pictures.label(i))];
    pictures.setLabel(i, label);
    ++counts[static_cast<size_t>(label)];
  }
  if (withoutClass_ > 0 && options_.classes == Classes::kNeeded)
    files_.omissions.add(Omission::kWithoutClass, {}, withoutClass_);
  for (const std::string& warning : warningsOfCounts(list_, files_.classes, counts))
    files_.warnings.push_back(warning);
  warnAboutRepeats();
  return std::move(files_);
}

/// By hashes, because a million names would cost ten times as much.
void ListBuilder::warnAboutRepeats() {
  std::vector<size_t> hashes;
  hashes.reserve(static_cast<size_t>(files_.pictures.size()));
  for (int64_t i = 0; i < files_.pictures.size(); ++i)
    hashes.push_back(std::hash<std::string_view>()(files_.pictures.name(i)));
  std::sort(hashes.begin(), hashes.end());
  const auto repeats = hashes.end() - std::unique(hashes.begin(), hashes.end());
  if (repeats > 0)
    warn(fmt::format("{} of its {} pictures {} listed before", repeats, files_.pictures.size(),
                     repeats == 1 ? "is" : "are"));
}

}  // namespace cv::mixmim
