#include "sources/names/class_numbers.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

using NameOf = std::function<std::string_view(int64_t)>;
using LabelOf = std::function<int(int64_t)>;
using FolderOf = std::function<std::string_view(std::string_view)>;

std::string_view allFolders(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

/// "a/b/" of "a/b/c/1.jpg".
std::string_view foldersButLast(std::string_view name) {
  const std::string_view folders = allFolders(name);
  return folders.substr(0, folders.rfind('/') + 1);
}

/// A folder per class and a class per folder, or none.
std::optional<std::vector<std::string>> pairUp(int classes, int64_t pictures, const NameOf& name,
                                               const LabelOf& label, const FolderOf& folderOf) {
  std::vector<std::string> folders(static_cast<size_t>(classes));
  std::unordered_map<std::string, int> labels;
  for (int64_t i = 0; i < pictures; ++i) {
    if (label(i) < 0) continue;
    const std::string folder(folderOf(name(i)));
    std::string& known = folders[static_cast<size_t>(label(i))];
    const int first = labels.emplace(folder, label(i)).first->second;
    if (folder.empty() || first != label(i) || (!known.empty() && known != folder)) return {};
    known = folder;
  }
  const bool all = std::none_of(folders.begin(), folders.end(), [](auto& folder) { return folder.empty(); });
  return all ? std::optional(std::move(folders)) : std::nullopt;
}

}  // namespace

std::string_view withoutDot(std::string_view name) {
  return startsWith(name, "./") ? name.substr(2) : name;
}

bool isClassNumber(std::string_view text) {
  constexpr size_t kMostDigits = 6;
  return !text.empty() && text.size() <= kMostDigits && (text[0] != '0' || text.size() == 1) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

int ClassTexts::idOf(const std::string& text, const std::string& file) {
  if (text.empty()) return -1;
  const int id = ids_.emplace(text, static_cast<int>(ids_.size())).first->second;
  if (id >= kMostClasses) throw Error(file, fmt::format("expected at most {} classes", kMostClasses));
  return id;
}

int ClassTexts::classesByNumber() const {
  constexpr size_t kFew = 100000, kMostPerText = 100;
  size_t classes = 0;
  for (const auto& entry : ids_) {
    if (!isClassNumber(entry.first)) return 0;
    classes = std::max(classes, static_cast<size_t>(std::stoi(entry.first)) + 1);
  }
  const bool sparse = classes > kFew && classes > kMostPerText * ids_.size();
  return sparse ? 0 : static_cast<int>(classes);
}

std::vector<int> ClassTexts::asLabels() const {
  std::vector<int> labels(ids_.size());
  for (const auto& [text, id] : ids_) labels[static_cast<size_t>(id)] = std::stoi(text);
  return labels;
}

ClassTexts::Numbers ClassTexts::finish() const {
  Numbers numbers;
  numbers.labelOfId.resize(ids_.size());
  if (const int classes = classesByNumber()) {
    numbers.numbered = true;
    numbers.labelOfId = asLabels();
    for (int i = 0; i < classes; ++i) numbers.names.push_back(std::to_string(i));
    return numbers;
  }
  for (const auto& [text, id] : ids_) numbers.names.push_back(text);
  std::sort(numbers.names.begin(), numbers.names.end());
  for (size_t i = 0; i < numbers.names.size(); ++i)
    numbers.labelOfId[static_cast<size_t>(ids_.at(numbers.names[i]))] = static_cast<int>(i);
  return numbers;
}

std::string_view firstFolder(std::string_view name) {
  name = withoutDot(name);
  const size_t slash = name.find('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

size_t sharedFolders(int64_t pictures, const NameOf& name) {
  std::string_view shared;
  for (int64_t i = 0; i < pictures; ++i) {
    const std::string_view own = foldersButLast(withoutDot(name(i)));
    if (i == 0) shared = own;
    const size_t length = std::min(shared.size(), own.size());
    const auto [end, other] = std::mismatch(shared.begin(), shared.begin() + length, own.begin());
    const auto same = static_cast<size_t>(end - shared.begin());
    shared = shared.substr(0, shared.substr(0, same).rfind('/') + 1);
  }
  return shared.size();
}

std::vector<std::string> namesOfNumbers(int classes, int64_t pictures, const NameOf& name,
                                        const LabelOf& label) {
  const size_t shared = sharedFolders(pictures, name);
  const NameOf ownName = [&](int64_t i) { return withoutDot(name(i)).substr(shared); };
  for (const FolderOf& folderOf : {FolderOf(firstFolder), FolderOf(allFolders)})
    if (auto names = pairUp(classes, pictures, ownName, label, folderOf)) return *names;
  std::vector<std::string> numbers;
  for (int i = 0; i < classes; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

}  // namespace cv::mixmim
