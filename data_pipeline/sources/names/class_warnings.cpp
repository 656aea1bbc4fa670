#include "sources/names/class_warnings.hpp"

#include <algorithm>
#include <array>
#include <numeric>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "sources/names/file_names.hpp"

namespace cv::mixmim {

namespace {

constexpr std::array kPartsOfDataSets{"train",  "training", "trainset", "val",     "valid", "validation",
                                      "valset", "test",     "testing",  "testset", "dev",   "eval"};

bool isPartOfDataSet(const std::string& name) {
  return std::find(kPartsOfDataSets.begin(), kPartsOfDataSets.end(), lowerCase(name)) !=
         kPartsOfDataSets.end();
}

/// Two names are enough, because "train" alone is a vehicle.
bool looksLikeParts(const std::vector<std::string>& classes) {
  return std::count_if(classes.begin(), classes.end(), isPartOfDataSet) > 1;
}

std::string warningOf(const char* what, const std::string& where, const std::vector<std::string>& names) {
  return fmt::format("{}: its {} are called {}, like the parts of one data set", where, what,
                     firstFew(names));
}

/// The part for training, or else the first.
std::string partMeant(const std::vector<std::string>& names) {
  const auto part = std::find_if(names.begin(), names.end(), isPartOfDataSet);
  const auto train = std::find_if(part, names.end(), [](const std::string& name) {
    return isPartOfDataSet(name) && lowerCase(name)[1] == 'r';
  });
  return train == names.end() ? *part : *train;
}

std::string questionOf(const std::string& warning, const std::string& where,
                       const std::vector<std::string>& names) {
  return fmt::format("{}; did you mean {}/{}?", warning, where, partMeant(names));
}

}  // namespace

std::string warningOfNames(const std::string& where, const std::vector<std::string>& classes) {
  return looksLikeParts(classes) ? warningOf("classes", where, classes) : std::string();
}

std::string warningOfParts(const std::string& where, const std::vector<std::string>& folders) {
  return looksLikeParts(folders) ? questionOf(warningOf("folders", where, folders), where, folders)
                                 : std::string();
}

std::string warningOfFolders(const ClassFolders& folders) {
  const auto& [root, classes, withFolders, foldersInside] = folders;
  if (looksLikeParts(classes)) return questionOf(warningOfNames(root, classes), root, classes);
  const bool oneAroundOthers = classes.size() == 1 && withFolders == 1 && foldersInside > 1;
  if (!oneAroundOthers) return {};
  return fmt::format("{}: all its classes would be one, '{}', which holds {} folders; did you mean {}/{}?",
                     root, classes[0], foldersInside, root, classes[0]);
}

std::vector<std::string> warningsOfCounts(const std::string& where, const std::vector<std::string>& classes,
                                          const std::vector<int64_t>& pictures) {
  constexpr int64_t kFewPictures = 20;
  std::vector<std::string> warnings, empty;
  for (size_t i = 0; i < classes.size(); ++i)
    if (pictures[i] == 0) empty.push_back(classes[i]);
  if (!empty.empty())
    warnings.push_back(fmt::format("{}: no picture has the class{} {}", where, empty.size() == 1 ? "" : "es",
                                   firstFew(empty)));
  const int64_t all = std::accumulate(pictures.begin(), pictures.end(), int64_t{0});
  if (all > kFewPictures && all == static_cast<int64_t>(classes.size()))
    warnings.push_back(fmt::format("{}: every picture has a class of its own", where));
  return warnings;
}

}  // namespace cv::mixmim
