// Weights that others have published, and how their files are called. This program fetches nothing: a user
// looks for these names at their authors', or at timm's.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// The published weights of a named size. Every file can be given to --init, `export` and `info`.
struct PublishedWeights {
  std::string size;                   ///< of modelNames()
  double top1;                        ///< on ImageNet-1K at 224 px as its authors state, percent
  std::vector<std::string> official;  ///< files of the authors; ImageNet-22K and other image sides included
  std::vector<std::string> timm;      ///< names of timm 1.0
};

/// Sizes without published weights are not in the list.
const std::vector<PublishedWeights>& publishedWeights();

/// Those of one size, or null.
const PublishedWeights* publishedWeightsOf(const std::string& size);

}  // namespace cv::mixmim
