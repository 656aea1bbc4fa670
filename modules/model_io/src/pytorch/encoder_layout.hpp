// How each family of encoders numbers the parts of its (official) names, and which parts of one are there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "opencv2/mixmim/train/config.hpp"
#include "pytorch/name_pattern.hpp"

namespace cv::mixmim {

using Shapes = std::map<std::string, std::vector<int64_t>>;

/// The names of a family; patterns count stages from 0.
struct EncoderLayout {
  NamePattern embedding;     ///< makes the tokens of a stage: "patch_embed+."
  NamePattern stage;         ///< holds its blocks: "block+"
  const char* blocks;        ///< stands between that and the number of a block
  const char* firstPatches;  ///< the embedding of the first stage
  Family family;
  bool overlapping;  ///< its patches are 2 * side - 1 wide, not side
  bool tables;       ///< attention has bias tables, with a column per head

  /// "layers.1.blocks.0"
  std::string block(int stage, int number) const;
  /// Blocks of a stage in front of the first that is missing.
  int blocksOf(const Shapes& shapes, int stage) const;
  /// The name of a parameter that is not there, or of its stage, where nothing of that is.
  std::string missingPart(const Shapes& shapes, const std::string& name) const;
  /// Throws Error by the names of stages and blocks that a file lacks between others, because sizes would
  /// otherwise be taken from the wrong tensors.
  void requireNoGaps(const Shapes& shapes, const std::string& where) const;
};

const EncoderLayout& layoutOf(Family family);

}  // namespace cv::mixmim
