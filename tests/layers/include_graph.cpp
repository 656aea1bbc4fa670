#include "tests/layers/include_graph.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <regex>
#include <sstream>

namespace cv::mixmim::layers {

namespace fs = std::filesystem;

namespace {

constexpr const char* kSourceFolders[] = {"modules", "data_pipeline", "plugins", "apps", "tests"};

/// What a room shows to others, and what it keeps to itself.
constexpr const char* kPublicRoots[] = {"modules/mixmim/include/", "modules/model/include/",
                                        "modules/kernels/include/", "modules/model_io/include/",
                                        "data_pipeline/include/"};
constexpr const char* kPrivateRoots[] = {
    "modules/mixmim/src/",    "modules/model/src/",   "modules/kernels/src/",
    "modules/model_io/src/",  "data_pipeline/",       "apps/mixmim/",
    "plugins/torch_trainer/", "plugins/dnn_network/", "" /* tests, by their whole paths */};

std::string readText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Whether a root belongs to the room of a file: modules/x/src to all of modules/x.
bool isRootOf(const std::string& root, const std::string& file) {
  const std::string source = "src/";
  const bool module = root.size() > source.size() && root.substr(root.size() - source.size()) == source;
  const std::string room = module ? root.substr(0, root.size() - source.size()) : root;
  return !root.empty() && file.compare(0, room.size(), room) == 0;
}

/// Beside the file, in its own room, in what rooms show, and, because a breach should be called one, in what
/// other rooms keep to themselves.
std::string resolve(const Tree& tree, const std::string& file, const std::string& header) {
  const fs::path beside = fs::path(file).parent_path() / header;
  std::vector<std::string> candidates{beside.lexically_normal().generic_string()};
  for (const char* root : kPrivateRoots)
    if (isRootOf(root, file)) candidates.push_back(root + header);
  for (const char* root : kPublicRoots) candidates.push_back(root + header);
  for (const char* root : kPrivateRoots) candidates.push_back(root + header);
  const auto found = std::find_if(candidates.begin(), candidates.end(),
                                  [&](const std::string& candidate) { return tree.count(candidate) > 0; });
  return found == candidates.end() ? std::string() : *found;
}

}  // namespace

Tree readTree(const std::string& root) {
  Tree tree;
  for (const char* folder : kSourceFolders)
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder)) {
      const std::string extension = entry.path().extension().string();
      if (entry.is_regular_file() && (extension == ".hpp" || extension == ".cpp"))
        tree[entry.path().lexically_relative(root).generic_string()] = readText(entry.path());
    }
  return tree;
}

std::vector<Include> includesOf(const Tree& tree) {
  static const std::regex pattern(R"(^\s*#\s*include\s*[<"]([^>"]+)[>"].*)");
  std::vector<Include> includes;
  for (const auto& [file, text] : tree) {
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      std::smatch match;
      if (std::regex_match(line, match, pattern))
        includes.push_back({file, number, match[1], resolve(tree, file, match[1])});
    }
  }
  return includes;
}

std::string folderOf(const std::string& file, const std::set<std::string>& files) {
  const fs::path path = file, folder = path.parent_path();
  const size_t shown = file.find("/include/");
  if (shown == std::string::npos) return folder.generic_string();
  const std::string room = file.substr(0, shown + 1);
  std::string sameName;
  for (auto other = files.lower_bound(room); other != files.end() && other->rfind(room, 0) == 0; ++other) {
    const fs::path source = *other;
    if (source.extension() != ".cpp") continue;
    if (source.stem() == path.stem()) return source.parent_path().generic_string();
    const std::string below = source.parent_path().generic_string();
    if (below.size() > room.size() && source.parent_path().filename() == folder.filename()) sameName = below;
  }
  return sameName.empty() ? folder.generic_string() : sameName;
}

Graph fileGraph(const std::vector<Include>& includes) {
  Graph graph;
  for (const Include& include : includes)
    graph[include.file].insert(include.target.empty() ? "<" + include.header + ">" : include.target);
  return graph;
}

Graph folderGraph(const std::vector<Include>& includes) {
  std::set<std::string> files;
  for (const Include& include : includes) files.insert(include.file);
  Graph graph;
  for (const Include& include : includes) {
    if (include.target.empty()) continue;
    const std::string from = folderOf(include.file, files), to = folderOf(include.target, files);
    if (from != to) graph[from].insert(to);
  }
  return graph;
}

std::vector<std::string> findCircle(const Graph& graph) {
  std::set<std::string> done;
  std::vector<std::string> path;
  const std::function<bool(const std::string&)> closes = [&](const std::string& node) {
    const auto seen = std::find(path.begin(), path.end(), node);
    if (seen != path.end()) {
      path.erase(path.begin(), seen);
      path.push_back(node);
      return true;
    }
    if (!done.insert(node).second) return false;
    path.push_back(node);
    const auto edges = graph.find(node);
    if (edges != graph.end())
      for (const std::string& next : edges->second)
        if (closes(next)) return true;
    path.pop_back();
    return false;
  };
  for (const auto& [node, edges] : graph)
    if (closes(node)) return path;
  return {};
}

std::set<std::string> reachableFrom(const Graph& graph, const std::string& from) {
  std::set<std::string> reached;
  std::vector<std::string> open{from};
  while (!open.empty()) {
    const auto edges = graph.find(open.back());
    open.pop_back();
    if (edges == graph.end()) continue;
    for (const std::string& next : edges->second)
      if (reached.insert(next).second) open.push_back(next);
  }
  return reached;
}

}  // namespace cv::mixmim::layers
