// docs/map.md lists every source file and no other.
#include <fstream>
#include <regex>

#include <gtest/gtest.h>

#include "tests/layers/include_graph.hpp"

namespace cv::mixmim::layers {
namespace {

/// "mix.{hpp,cpp}" means two files.
std::vector<std::string> expanded(const std::string& name) {
  const std::string pair = ".{hpp,cpp}";
  if (name.size() < pair.size() || name.substr(name.size() - pair.size()) != pair) return {name};
  const std::string stem = name.substr(0, name.size() - pair.size());
  return {stem + ".hpp", stem + ".cpp"};
}

/// The sources docs/map.md names: below a heading "## folder/", in the first cell of a table's rows, in
/// backticks.
std::set<std::string> filesOnTheMap(std::istream& map) {
  static const std::regex heading(R"(##+ ([a-z_0-9/]+)/( .*)?)"), name(R"(`([^`]+pp\}?)`)");
  std::set<std::string> files;
  std::string line, folder;
  for (std::smatch match; std::getline(map, line);) {
    if (std::regex_match(line, match, heading)) folder = match[1];
    if (line.empty() || line[0] != '|') continue;
    const std::string cell = line.substr(1, line.find('|', 1) - 1);
    for (std::sregex_iterator found(cell.begin(), cell.end(), name), end; found != end; ++found)
      for (const std::string& file : expanded((*found)[1])) files.insert(folder + "/" + file);
  }
  return files;
}

TEST(Map, listsEverySourceFileAndNoOther) {
  std::ifstream map(MIXMIM_SOURCE_DIR "/docs/map.md");
  ASSERT_TRUE(map) << "docs/map.md cannot be read";
  const std::set<std::string> listed = filesOnTheMap(map);
  const Tree tree = readTree(MIXMIM_SOURCE_DIR);
  for (const auto& [file, text] : tree) EXPECT_TRUE(listed.count(file)) << file << " is not in docs/map.md";
  for (const std::string& file : listed)
    EXPECT_TRUE(tree.count(file)) << file << " is in docs/map.md but not in the tree";
}

}  // namespace
}  // namespace cv::mixmim::layers
