// The include lines of a source tree, read as text: enough to see who uses whom.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

namespace cv::mixmim::layers {

/// Path relative to the root of the tree ("data_pipeline/mix.cpp") -> text.
using Tree = std::map<std::string, std::string>;

/// One include line.
struct Include {
  std::string file;    ///< the file it stands in
  int line = 0;        ///< from 1
  std::string header;  ///< as written, without quotes or brackets
  std::string target;  ///< the file of the tree it means, "" for a header from elsewhere

  std::string where() const { return file + ":" + std::to_string(line); }
};

/// Node -> nodes it uses.
using Graph = std::map<std::string, std::set<std::string>>;

/// All .hpp and .cpp files of the source folders under `root`. Throws std::filesystem::filesystem_error.
Tree readTree(const std::string& root);

/// The include lines of all files, in order. A header is looked for beside the including file, in its room,
/// and in the include folders of all rooms, as the compiler does.
std::vector<Include> includesOf(const Tree& tree);

/// The folder of `file`. A header that a room shows to others stands in the folder of the source file of its
/// name, if there is one among `files`, else in the folder of source files that is named like its own:
/// modules/model_io/src/pytorch for include/model_io/pytorch/pth.hpp.
std::string folderOf(const std::string& file, const std::set<std::string>& files);

/// Files and the headers they name; one from elsewhere appears in brackets: "<torch/torch.h>".
Graph fileGraph(const std::vector<Include>& includes);
/// Folders of the tree and the other folders they use.
Graph folderGraph(const std::vector<Include>& includes);

/// A circle of `graph` as a path whose first and last node are equal; empty if there is none.
std::vector<std::string> findCircle(const Graph& graph);

/// Every node that `from` uses, directly or not.
std::set<std::string> reachableFrom(const Graph& graph, const std::string& from);

}  // namespace cv::mixmim::layers
