// docs/map.md lists every source file and no other.
#include <fstream>
#include <regex>

#include <gtest/gtest.h>

#include "tests/layers/include_graph.hpp"

namespace cv::mixmim::layers {
namespace {

/// The files docs/map.md names: a heading "## folder/" and below it lines that begin with "- `file`".
std::set<std::string> filesOnTheMap(std::istream& map) {
  static const std::regex heading(R"(##+ `?([a-z_/]+)/`?.*)"), entry(R"(\| `([a-z_0-9/.]+\.[ch]pp)`.*)");
  std::set<std::string> files;
  std::string line, folder;
  for (std::smatch match; std::getline(map, line);) {
    if (std::regex_match(line, match, heading)) folder = match[1];
    if (std::regex_match(line, match, entry)) files.insert(folder + "/" + match[1].str());
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
