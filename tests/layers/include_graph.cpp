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
constexpr const char* kIncludeFolders[] = {"", "modules/mixmim/include/", "modules/kernels/include/",
                                           "modules/model_io/include/"};

std::string readText(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string resolve(const Tree& tree, const std::string& file, const std::string& header) {
  const std::string beside = file.substr(0, file.rfind('/') + 1) + header;
  if (tree.count(beside)) return beside;
  for (const char* folder : kIncludeFolders)
    if (tree.count(folder + header)) return folder + header;
  return {};
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

std::string folderOf(const std::string& file) {
  const size_t first = file.find('/');
  if (file.compare(0, first, "data_pipeline") == 0) return file.substr(0, first);
  const size_t second = file.find('/', first + 1);
  return file.substr(0, second == std::string::npos ? first : second);
}

Graph fileGraph(const std::vector<Include>& includes) {
  Graph graph;
  for (const Include& include : includes)
    graph[include.file].insert(include.target.empty() ? "<" + include.header + ">" : include.target);
  return graph;
}

Graph folderGraph(const std::vector<Include>& includes) {
  Graph graph;
  for (const Include& include : includes) {
    if (include.target.empty()) continue;
    const std::string from = folderOf(include.file), to = folderOf(include.target);
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
