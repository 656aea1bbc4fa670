// The types of a source tree, read as text: enough to see one name that means two things.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/layers/include_graph.hpp"

namespace cv::mixmim::layers {

/// Full name ("cv::mixmim::Tensor") -> the files that define a class, struct, union or enum of this name.
/// Outside of other types, of functions and of unnamed namespaces; a declaration alone does not count.
std::map<std::string, std::set<std::string>> typesOf(const Tree& tree);

/// One sentence for every type of cv::mixmim that two files outside of tests/ define. A program where two
/// such files meet uses either for both, because the language lets a compiler take them for one.
std::vector<std::string> typesDefinedTwice(const Tree& tree);

}  // namespace cv::mixmim::layers
