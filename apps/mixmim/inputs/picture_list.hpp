// The pictures that a verb is asked about: files by their names, or a whole data set.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "data_pipeline/source.hpp"
#include "opencv2/mixmim/orientation.hpp"
#include "terminal/command_line.hpp"

namespace cv::mixmim {

class PictureList {
 public:
  /// The words of the line, or its --data, with --root. UsageError for none of them and for both.
  explicit PictureList(const CommandLine& line);

  int64_t size() const;
  std::string path(int64_t index) const;
  /// As decodePicture gives it. Error where OpenCV cannot read it.
  cv::Mat read(int64_t index, Orientation orientation) const;

 private:
  std::vector<std::string> files_;
  std::shared_ptr<const Source> source_;  // null: the files
};

/// Adds IMAGE..., --data and --root to a verb.
CommandLine& addPictures(CommandLine& line);

/// The path of a picture; in an archive ARCHIVE/NAME.
std::string picturePath(const Source& source, int64_t index);

}  // namespace cv::mixmim
