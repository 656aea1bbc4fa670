// docs/map.md lists every source file but the tests themselves, and no other.
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

bool isTest(const std::string& file) {
  const std::string end = "_test.cpp";
  return file.size() > end.size() && file.compare(file.size() - end.size(), end.size(), end) == 0;
}

TEST(Map, listsEverySourceFileAndNoOther) {
  std::ifstream map(MIXMIM_SOURCE_DIR "/docs/map.md");
  ASSERT_TRUE(map) << "docs/map.md cannot be read";
  const std::set<std::string> listed = filesOnTheMap(map);
  const Tree tree = readTree(MIXMIM_SOURCE_DIR);
  std::string missing, gone;
  for (const auto& [file, text] : tree)
    if (!isTest(file) && !listed.count(file)) missing += file + "\n";
  for (const std::string& file : listed)
    if (!tree.count(file)) gone += file + "\n";
  EXPECT_EQ(missing, "") << "these files need a line in docs/map.md";
  EXPECT_EQ(gone, "") << "docs/map.md lists these files, which are not there";
}

}  // namespace
}  // namespace cv::mixmim::layers
