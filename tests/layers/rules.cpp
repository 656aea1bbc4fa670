#include "tests/layers/rules.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cv::mixmim::layers {

namespace {

bool startsWith(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

bool isIn(const std::string& file, const std::string& folder) {
  return folder.empty() || startsWith(file, folder + "/");
}

bool isInAny(const std::string& file, const std::vector<std::string>& folders) {
  return std::any_of(folders.begin(), folders.end(), [&](const auto& folder) { return isIn(file, folder); });
}

/// The room with the longest name that holds the file; null for a file outside all rooms.
const Room* roomOf(const std::string& file) {
  const Room* best = nullptr;
  for (const Room& room : rooms())
    if (isIn(file, room.folder) && (!best || room.folder.size() > best->folder.size())) best = &room;
  return best;
}

const Dependency* dependencyOf(const std::string& header) {
  for (const Dependency& dependency : dependencies())
    for (const std::string& start : dependency.headers)
      if (startsWith(header, start)) return &dependency;
  return nullptr;
}

/// Headers of the language and the operating system: <vector>, <dlfcn.h>, <sys/stat.h>, <arpa/inet.h>.
bool isSystemHeader(const std::string& header) {
  if (startsWith(header, "sys/") || startsWith(header, "arpa/")) return true;
  const size_t dot = header.find('.');
  return header.find('/') == std::string::npos && (dot == std::string::npos || header.substr(dot) == ".h");
}

std::string brokenByTarget(const Include& include) {
  const Room* from = roomOf(include.file);
  const Room* to = roomOf(include.target);
  if (!from || !to)
    return fmt::format("{}: no room holds this file or {}; give it one in tests/layers/rules.cpp",
                       include.where(), include.target);
  if (from == to || isInAny(include.target, from->mayInclude)) return {};
  return fmt::format(
      "{}: include across a wall, {} may include {}, got \"{}\"", include.where(), from->folder,
      from->mayInclude.empty() ? "only itself" : fmt::format("{}", fmt::join(from->mayInclude, ", ")),
      include.header);
}

std::string brokenByDependency(const Include& include) {
  const Dependency* dependency = dependencyOf(include.header);
  if (!dependency && isSystemHeader(include.header)) return {};
  if (!dependency)
    return fmt::format(
        "{}: unknown header, expected one of the tree or of a known dependency, got <{}>; "
        "a new dependency gets its home in tests/layers/rules.cpp",
        include.where(), include.header);
  if (isInAny(include.file, dependency->homes)) return {};
  return fmt::format("{}: {} away from home, expected in {}, got <{}>", include.where(), dependency->name,
                     fmt::join(dependency->homes, ", "), include.header);
}

/// torch ships a newer fmt under the same names: a file may see one of the two.
std::vector<std::string> filesWithTorchAndFmt(const Graph& graph) {
  std::vector<std::string> broken;
  for (const auto& [file, edges] : graph) {
    std::set<std::string> names;
    for (const std::string& node : reachableFrom(graph, file)) {
      const Dependency* dependency = node[0] == '<' ? dependencyOf(node.substr(1)) : nullptr;
      if (dependency) names.insert(dependency->name);
    }
    if (names.count("LibTorch") && names.count("fmt"))
      broken.push_back(
          fmt::format("{}: sees LibTorch and fmt, expected one of them; LibTorch brings its own fmt", file));
  }
  return broken;
}

}  // namespace

const std::vector<Room>& rooms() {
  static const std::vector<Room> list{
      {"modules/mixmim", {}},
      {"modules/kernels", {}},
      {"modules/model", {"modules/mixmim"}},
      {"modules/model_io", {"modules/mixmim", "modules/model"}},
      {"data_pipeline", {"modules"}},
      {"plugins/torch_trainer", {"modules"}},
      {"plugins/dnn_network", {"modules"}},
      {"apps", {"modules", "data_pipeline"}},
      {"tests", {"modules", "data_pipeline", "apps"}},
      {"tests/torch_trainer", {"modules", "plugins/torch_trainer", "tests/support"}},
      {"tests/dnn_network", {"modules", "plugins/dnn_network", "tests/support"}},
      {"tests/bench", {"modules", "plugins/dnn_network", "plugins/torch_trainer"}},
      {"tests/parity", {"modules", "plugins/torch_trainer", "tests/support"}},
  };
  return list;
}

const std::vector<Dependency>& dependencies() {
  static const std::vector<Dependency> list{
      {"LibTorch",
       {"torch/", "ATen/", "c10/", "caffe2/"},
       {"plugins/torch_trainer", "tests/torch_trainer", "tests/parity", "tests/bench"}},
      {"cv::dnn", {"opencv2/dnn"}, {"plugins/dnn_network", "tests"}},
      {"OpenCV's windows and cameras",
       {"opencv2/highgui", "opencv2/videoio"},
       {"apps/samples", "tests/samples"}},
      {"OpenCV", {"opencv2/core", "opencv2/imgproc", "opencv2/imgcodecs"}, {""}},
      {"oneDNN", {"dnnl.hpp", "omp.h"}, {"plugins/dnn_network", "tests/dnn_network"}},
      {"oneTBB", {"tbb/", "oneapi/"}, {"data_pipeline", "tests/data_pipeline"}},
      {"libjpeg",
       {"jpeglib.h", "jerror.h", "turbojpeg.h"},
       {"data_pipeline", "tests/data_pipeline", "tests/bench"}},
      {"libpng", {"png.h"}, {"data_pipeline", "tests/data_pipeline"}},
      {"Boost.CRC", {"boost/crc.hpp"}, {"modules/model_io", "tests/support"}},
      {"Boost.DLL", {"boost/dll"}, {"modules/mixmim"}},
      {"Boost.JSON",
       {"boost/json", "boost/version.hpp"},
       {"modules", "data_pipeline", "plugins", "apps", "tests"}},  // what crosses the plugin border
      {"Boost.Program_options", {"boost/program_options"}, {"apps"}},
      {"fmt", {"fmt/"}, {""}},
      {"xxHash", {"xxhash.h"}, {"modules/model_io"}},
      {"GoogleTest", {"gtest/", "gmock/"}, {"tests"}},
      {"Google Benchmark", {"benchmark/"}, {"tests"}},
  };
  return list;
}

std::vector<std::string> brokenRules(const Tree& tree) {
  const std::vector<Include> includes = includesOf(tree);
  std::vector<std::string> broken;
  for (const Include& include : includes) {
    const std::string sentence =
        include.target.empty() ? brokenByDependency(include) : brokenByTarget(include);
    if (!sentence.empty()) broken.push_back(sentence);
  }
  const Graph files = fileGraph(includes);
  for (const std::string& sentence : filesWithTorchAndFmt(files)) broken.push_back(sentence);
  if (const auto circle = findCircle(files); !circle.empty())
    broken.push_back(fmt::format("include circle between files: {}", fmt::join(circle, " -> ")));
  if (const auto circle = findCircle(folderGraph(includes)); !circle.empty())
    broken.push_back(fmt::format("include circle between folders: {}", fmt::join(circle, " -> ")));
  return broken;
}

}  // namespace cv::mixmim::layers
