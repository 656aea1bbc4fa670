// The walls of the house as data: which folder may include which, and where each dependency lives.
#pragma once

#include <string>
#include <vector>

#include "tests/layers/include_graph.hpp"

namespace cv::mixmim::layers {

/// A folder (its subfolders included, unless they have a room of their own) and what it may include besides
/// itself.
struct Room {
  std::string folder;
  std::vector<std::string> mayInclude;
};

/// A library from elsewhere, known by how its headers begin, and the only folders that may include it.
struct Dependency {
  std::string name;
  std::vector<std::string> headers;
  std::vector<std::string> homes;  ///< {""} = everywhere
};

const std::vector<Room>& rooms();
const std::vector<Dependency>& dependencies();

/// One sentence for every broken rule, in the order of the files; empty for a sound tree.
std::vector<std::string> brokenRules(const Tree& tree);

}  // namespace cv::mixmim::layers
