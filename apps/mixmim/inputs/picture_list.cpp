#include "inputs/picture_list.hpp"

#include <fmt/format.h>

#include "inputs/data_source.hpp"
#include "inputs/picture_batch.hpp"

namespace cv::mixmim {

PictureList::PictureList(const CommandLine& line) : files_(line.words()) {
  const std::string data = line.get("data");
  if (files_.empty() == data.empty())
    throw UsageError(fmt::format(
        "mixmim {}: expected {}", line.verb(),
        data.empty() ? "at least one picture, or --data SRC" : "either pictures or --data, got both"));
  if (!line.get("root").empty() && data.empty()) throw UsageError("--root: only with --data");
  if (!data.empty()) source_ = openAndReport(data, {0, Classes::kShown, line.get("root")});
}

int64_t PictureList::size() const {
  return source_ ? source_->size() : static_cast<int64_t>(files_.size());
}

std::string PictureList::path(int64_t index) const {
  return source_ ? picturePath(*source_, index) : files_.at(static_cast<size_t>(index));
}

cv::Mat PictureList::read(int64_t index, Orientation orientation) const {
  if (!source_) return pictureOfFile(path(index), orientation);
  std::vector<uint8_t> bytes;
  source_->read(index, bytes);
  cv::Mat picture = decodePicture(bytes, orientation);
  if (picture.empty()) throw Error(source_->place(index), whyNoPicture(bytes));
  return picture;
}

CommandLine& addPictures(CommandLine& line) {
  return line.words("IMAGE")
      .option("data", "Instead of single pictures: all of a folder, tree, archive or list.")
      .option("root", "Where the paths of a list begin; without it, in the folder of the list.");
}

std::string picturePath(const Source& source, int64_t index) {
  const std::string path = source.path(index);
  return source.offset(index) == 0 ? path : path + '/' + source.name(index);
}

}  // namespace cv::mixmim
