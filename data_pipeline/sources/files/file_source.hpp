#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/source.hpp"
#include "sources/files/picture_table.hpp"

namespace cv::mixmim {

/// Pictures that are files of their own, however they were found.
struct PictureFiles {
  std::string root;  ///< where names begin, except those that begin with '/'
  PictureTable pictures;
  PictureTable masks;  ///< their label maps, one each, or none at all; without labels
  std::vector<std::string> classes;
  /// Where pictures have several labels: the sets of labels that occur, each ascending. The label of a
  /// picture in the table is then the number of its set.
  std::vector<std::vector<int>> labelSets;
  std::vector<SourceProblem> problems;
  Omissions omissions;
  std::vector<std::string> warnings;
};

/// They as a Source. read() refuses anything that is not a regular file (so a named pipe cannot block it) and
/// files above 1 GiB.
std::shared_ptr<const Source> sourceOf(PictureFiles files);

}  // namespace cv::mixmim
