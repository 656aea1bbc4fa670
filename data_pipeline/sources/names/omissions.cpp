#include "data_pipeline/omissions.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim {

namespace {

struct Words {
  const char *key, *one, *many;
};
constexpr std::array<Words, kOmissions> kWords{{
    {"hidden", "hidden file or folder", "hidden files or folders"},
    {"system", "file or folder of the operating system", "files or folders of the operating system"},
    {"other_files", "file that is not read here", "files that are not read here"},
    {"links", "link", "links"},
    {"beside_classes", "picture beside the class folders", "pictures beside the class folders"},
    {"without_class", "picture without a class", "pictures without a class"},
    {"masks_alone", "label map without a picture", "label maps without a picture"},
}};

/// Endings of pictures that OpenCV reads nowhere or not on every machine.
constexpr std::array kForeignPictures{".heic", ".heif", ".hif", ".avif", ".gif", ".jp2", ".jxl",
                                      ".psd",  ".cr2",  ".nef", ".arw",  ".dng", ".svg"};

}  // namespace

void Omissions::add(Omission kind, const std::string& name, int64_t count) {
  constexpr size_t kMostNames = 100, kLongestName = 40;
  Kind& entry = kinds_[static_cast<size_t>(kind)];
  entry.count += count;
  if (name.empty()) return;
  const std::string shown = asUtf8(name.substr(0, kLongestName));
  if (entry.names.size() < kMostNames || entry.names.count(shown) > 0) entry.names[shown] += count;
}

void Omissions::add(const Omissions& others) {
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const auto kind = static_cast<Omission>(i);
    int64_t named = 0;
    for (const auto& [name, count] : others.kinds_[i].names) {
      add(kind, name, count);
      named += count;
    }
    add(kind, {}, others.kinds_[i].count - named);
  }
}

std::vector<Omissions::Kind> Omissions::list() const {
  std::vector<Kind> met;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    if (kinds_[i].count == 0) continue;
    met.push_back(kinds_[i]);
    met.back().key = kWords[i].key;
  }
  return met;
}

std::string Omissions::namesText(Omission kind) const {
  constexpr size_t kShown = 5;
  const auto& names = kinds_[static_cast<size_t>(kind)].names;
  std::vector<std::pair<std::string, int64_t>> sorted(names.begin(), names.end());
  std::stable_sort(sorted.begin(), sorted.end(), [](auto& a, auto& b) { return a.second > b.second; });
  std::string text;
  for (size_t i = 0; i < sorted.size() && i < kShown; ++i)
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", sorted[i].first, sorted[i].second);
  return sorted.size() > kShown ? fmt::format("{} and {} more", text, sorted.size() - kShown) : text;
}

std::string Omissions::text() const {
  std::string text;
  for (size_t i = 0; i < kinds_.size(); ++i) {
    const Kind& kind = kinds_[i];
    if (kind.count == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", kind.count,
                        kind.count == 1 ? kWords[i].one : kWords[i].many);
    if (kind.names.empty()) continue;
    const bool pictures = std::any_of(kForeignPictures.begin(), kForeignPictures.end(),
                                      [&](const char* ending) { return kind.names.count(ending) > 0; });
    text += fmt::format(" ({}{})", namesText(static_cast<Omission>(i)),
                        pictures ? "; convert pictures to JPEG or PNG" : "");
  }
  return text;
}

}  // namespace cv::mixmim
