#include "sources/lists/list_builder.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"
#include "sources/names/class_warnings.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

std::string_view ListBuilder::checked(std::string_view path, const std::string& place) const {
  constexpr size_t kLongestPath = 4096;
  path = withoutDot(path);
  if (!options_.root.empty()) path.remove_prefix(std::min(path.find_first_not_of('/'), path.size()));
  if (path.empty() || path.size() > kLongestPath)
    throw Error(place, fmt::format("expected a path of 1 to {} bytes, got {}", kLongestPath, path.size()));
  if (path.find('\0') != std::string_view::npos) throw Error(place, "a zero byte in a path");
  refuseUnlessUtf8(path, place);
  return path;
}

/// Counts it.
bool ListBuilder::isOneTooMany(int label) {
  return options_.imagesPerClass > 0 && used_[label]++ >= options_.imagesPerClass;
}

void ListBuilder::add(std::string_view path, const std::string& label, const std::string& place) {
  path = checked(path, place);
  refuseUnlessUtf8(label, place);
  const int id = texts_.idOf(label, list_);
  withoutClass_ += id < 0;
  if (id < 0 && options_.classes == Classes::kNeeded) return;
  if (isOneTooMany(id)) return;
  files_.pictures.add({}, path, id);
}

void ListBuilder::addSeveral(std::string_view path, const std::vector<std::string>& labels,
                             const std::string& place) {
  path = checked(path, place);
  std::vector<int> ids;
  for (const std::string& label : labels) {
    refuseUnlessUtf8(label, place);
    ids.push_back(texts_.idOf(label, list_));
  }
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  several_ = several_ || ids.size() > 1;
  if (several_ && options_.imagesPerClass > 0)
    throw Error(place, "data.imagesPerClass expects one class per picture, got several labels");
  if (isOneTooMany(ids.empty() ? -1 : ids.front())) return;
  files_.pictures.add({}, path, sets_.emplace(ids, static_cast<int>(sets_.size())).first->second);
}

void ListBuilder::addPair(std::string_view path, std::string_view mask, const std::string& place) {
  files_.pictures.add({}, checked(path, place), -1);
  files_.masks.add({}, checked(mask, place), -1);
}

void ListBuilder::declare(const std::vector<std::string>& labels) {
  for (const std::string& label : labels) {
    refuseUnlessUtf8(label, list_);
    texts_.idOf(label, list_);
  }
}

/// From sets of at most one label to classes.
void ListBuilder::dissolveSets() {
  std::vector<int> idOfSet(sets_.size());
  for (const auto& [ids, number] : sets_) idOfSet[static_cast<size_t>(number)] = ids.empty() ? -1 : ids[0];
  PictureTable all = std::move(files_.pictures);
  files_.pictures = {};
  for (int64_t i = 0; i < all.size(); ++i) {
    const int id = idOfSet[static_cast<size_t>(all.label(i))];
    withoutClass_ += id < 0;
    if (id >= 0 || options_.classes != Classes::kNeeded) files_.pictures.add({}, all.name(i), id);
  }
  sets_.clear();
}

PictureFiles ListBuilder::finish() {
  if (!several_ && !sets_.empty()) dissolveSets();
  ClassTexts::Numbers numbers = texts_.finish();
  const PictureTable& pictures = files_.pictures;
  if (numbers.numbered && !several_)
    numbers.names = namesOfNumbers(
        static_cast<int>(numbers.names.size()), pictures.size(), [&](int64_t i) { return pictures.name(i); },
        [&](int64_t i) {
          const int id = pictures.label(i);
          return id < 0 ? id : numbers.labelOfId[static_cast<size_t>(id)];
        });
  return finish(numbers);
}

PictureFiles ListBuilder::finish(const ClassTexts::Numbers& numbers) {
  if (!several_ && !sets_.empty()) dissolveSets();
  files_.classes = numbers.names;
  if (files_.classes.empty() && options_.classes == Classes::kNeeded)
    throw Error(list_, "has no classes, and they are needed",
                "expected a class beside every path, such as path,label");
  if (files_.pictures.size() == 0) throw Error(list_, "lists no picture");
  const std::vector<int64_t> counts = several_ ? numberSets(numbers.labelOfId) : number(numbers.labelOfId);
  if (withoutClass_ > 0 && options_.classes == Classes::kNeeded)
    files_.omissions.add(Omission::kWithoutClass, {}, withoutClass_);
  for (const std::string& warning : warningsOfCounts(list_, files_.classes, counts))
    files_.warnings.push_back(warning);
  warnAboutRepeats();
  return std::move(files_);
}

PictureFiles ListBuilder::finishPairs(std::vector<std::string> classes) {
  if (files_.pictures.size() == 0) throw Error(list_, "lists no picture");
  files_.classes = std::move(classes);
  warnAboutRepeats();
  return std::move(files_);
}

std::vector<int64_t> ListBuilder::number(const std::vector<int>& labelOfId) {
  PictureTable& pictures = files_.pictures;
  std::vector<int64_t> counts(files_.classes.size());
  for (int64_t i = 0; i < pictures.size(); ++i) {
    if (pictures.label(i) < 0) continue;
    const int label = labelOfId[static_cast<size_t>(pictures.label(i))];
    pictures.setLabel(i, label);
    ++counts[static_cast<size_t>(label)];
  }
  return counts;
}

std::vector<int64_t> ListBuilder::numberSets(const std::vector<int>& labelOfId) {
  files_.labelSets.resize(sets_.size());
  for (const auto& [ids, number] : sets_) {
    std::vector<int>& labels = files_.labelSets[static_cast<size_t>(number)];
    for (const int id : ids) labels.push_back(labelOfId[static_cast<size_t>(id)]);
    std::sort(labels.begin(), labels.end());
  }
  std::vector<int64_t> counts(files_.classes.size());
  for (int64_t i = 0; i < files_.pictures.size(); ++i)
    for (const int label : files_.labelSets[static_cast<size_t>(files_.pictures.label(i))])
      ++counts[static_cast<size_t>(label)];
  return counts;
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
