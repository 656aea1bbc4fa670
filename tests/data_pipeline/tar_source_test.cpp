#include "sources/tar_source.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "data_pipeline/shard_index.hpp"
#include "sources/shard_names.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/tars.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

namespace fs = std::filesystem;
using test::tarFile;
using test::tarOf;
using test::TempFolder;
using test::writeFile;
using List = std::vector<std::string>;

TEST(ShardNames, ListsAreExpanded) {
  EXPECT_EQ(shardNames("a.tar"), (List{"a.tar"}));
  EXPECT_EQ(shardNames("a-{008..011}.tar"), (List{"a-008.tar", "a-009.tar", "a-010.tar", "a-011.tar"}));
  EXPECT_EQ(shardNames("{a,b}-{0..1}.tar::c.tar"),
            (List{"a-0.tar", "a-1.tar", "b-0.tar", "b-1.tar", "c.tar"}));
  MIXMIM_EXPECT_ERROR(shardNames("a-{5..3}.tar"),
                      "a-{5..3}.tar: expected a list like {000..146} or {a,b}, got {5..3}");
  MIXMIM_EXPECT_ERROR(shardNames("a-{0..3.tar"), "a-{0..3.tar: expected a '}' for every '{'");
  MIXMIM_EXPECT_ERROR(shardNames("a-{0..x}.tar"),
                      "a-{0..x}.tar: expected a list like {000..146} or {a,b}, got {0..x}");
  MIXMIM_EXPECT_ERROR(shardNames("a-{0..9999999}.tar"),
                      "a-{0..9999999}.tar: expected at most 1000000 shards, got 10000000");
  MIXMIM_EXPECT_ERROR(shardNames("{0..9999}{0..9999}"),
                      "{0..9999}{0..9999}: expected at most 1000000 shards");
}

/// "name label content", a line per sample.
List contents(const Source& source) {
  List list;
  std::vector<uint8_t> bytes;
  for (int64_t i = 0; i < source.size(); ++i) {
    source.read(i, bytes);
    list.push_back(source.name(i) + " " + std::to_string(source.label(i)) + " " +
                   std::string(bytes.begin(), bytes.end()));
  }
  return list;
}

class Tars : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& tar) {
    writeFile(folder_ / name, tar);
    return (folder_ / name).string();
  }
  TempFolder folder_;
};

TEST_F(Tars, SamplesAreNeighboursOfOneKey) {
  const auto source = openTars(write("x.tar", tarOf({{"a.jpg", "A"},
                                                     {"a.CLS", " 3\n"},
                                                     {"a.json", "{}"},
                                                     {"b.cls", "1"},
                                                     {"b.seg.png", "mask"},
                                                     {"b.PNG", "B"},
                                                     {"__info__/x.jpg", "no"},
                                                     {".hidden.jpg", "no"},
                                                     {"README", "no"},
                                                     {"folder.d/c.webp", "C"},
                                                     {"folder.d/c.cls", "0"}})));
  EXPECT_EQ(contents(*source), (List{"a.jpg 3 A", "b.PNG 1 B", "folder.d/c.webp 0 C"}));
  EXPECT_EQ(source->labels(), (List{"0", "1", "2", "3"}));
  EXPECT_TRUE(source->problems().empty());
}

TEST_F(Tars, ClassesCanBeFolders) {
  const auto source =
      openTars(write("x.tar", tarOf({{"zoo/a.jpg", "A"}, {"./ape/b.jpg", "B"}, {"ape/deep/c.jpg", "C"}})));
  EXPECT_EQ(contents(*source), (List{"zoo/a.jpg 1 A", "./ape/b.jpg 0 B", "ape/deep/c.jpg 0 C"}));
  EXPECT_EQ(source->labels(), (List{"ape", "zoo"}));
}

TEST_F(Tars, FoldersNameTheNumbersWhereTheyAgree) {
  const auto source = openTars(
      write("x.tar", tarOf({{"b/1.jpg", "A"}, {"b/1.cls", "0"}, {"a/2.jpg", "B"}, {"a/2.cls", "1"}})));
  EXPECT_EQ(source->labels(), (List{"b", "a"}));
}

TEST_F(Tars, WithoutFoldersAndNumbersThereAreNoLabels) {
  const auto source = openTars(write("x.tar", tarOf({{"a.jpg", "A"}, {"folder/b.jpg", "B"}})));
  EXPECT_EQ(contents(*source), (List{"a.jpg -1 A", "folder/b.jpg -1 B"}));
  EXPECT_TRUE(source->labels().empty());
}

TEST_F(Tars, ShardsFollowEachOtherAndPlacesAreNamed) {
  write("x-0.tar", tarOf({{"c/a.jpg", "A"}}));
  const std::string second = write("x-1.tar", tarOf({{"c/b.jpg", "B"}, {"d/c.jpg", "C"}}));
  const auto source = openSource((folder_ / "x-{0..1}.tar").string());
  EXPECT_EQ(contents(*source), (List{"c/a.jpg 0 A", "c/b.jpg 0 B", "d/c.jpg 1 C"}));
  EXPECT_EQ(source->path(2), second);
  EXPECT_EQ(source->offset(2), 1536);
  EXPECT_EQ(source->place(2), second + ":1536");
  EXPECT_EQ(openTars((folder_ / "x-{0..1}.tar").string(), 1)->size(), 2);
}

TEST_F(Tars, ProblemsAreReportedAndTheRestIsUsed) {
  const std::string path =
      write("x.tar", tarFile("a.jpg", "A") + tarFile("a.jpg", "again") + tarFile("b.json", "{}") +
                         tarFile("c.jpg", "C") + tarHeader("d.jpg", 9000) + "cut off");
  const auto source = openTars(path);
  EXPECT_EQ(contents(*source), (List{"a.jpg -1 A", "c.jpg -1 C"}));
  List problems;
  for (const SourceProblem& p : source->problems())
    problems.push_back(std::to_string(p.offset) + " " + p.reason);
  EXPECT_EQ(problems, (List{"4096 the archive ends inside 'd.jpg'", "1536 'a.jpg' is there twice",
                            "2560 'b' has no image"}));
}

TEST_F(Tars, WrongDataSetsAreRefused) {
  const auto refused = [&](const std::string& name, const std::string& tar) {
    try {
      openTars(write(name, tar));
    } catch (const Error& error) {
      std::string text = error.what();
      const std::string folder = folder_.path().string() + "/";
      for (size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
      return text;
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refused("a.tar", tarOf({{"a.jpg", "A"}, {"a.cls", "cat"}})),
            "a.tar:1536: expected a class number from 0 to 999999 in the .cls file");
  EXPECT_EQ(refused("b.tar", tarOf({{"a.jpg", "A"}, {"a.cls", "12345678901234567890"}})),
            "b.tar:1536: expected a class number from 0 to 999999 in the .cls file");
  EXPECT_EQ(refused("c.tar", tarOf({{"a.jpg", "A"}, {"a.cls", "1"}, {"b.jpg", "B"}})),
            "c.tar: 1 of 2 samples have no .cls file; give all samples a class number, or none");
  EXPECT_EQ(refused("d.tar", tarOf({{"a.txt", "A"}})),
            "d.tar: holds no image, expected files like .jpg and .png");
  EXPECT_EQ(refused("e.tar", "\x1f\x8b\x08 compressed"),
            "e.tar: compressed with gzip, expected a plain tar; unpack it first: a compressed one has no "
            "random access");
  EXPECT_EQ(openTars(write("f.tar", tarOf({{"a.jpg", "A"}})))->size(), 1);
  EXPECT_THROW(openTars((folder_ / "none.tar").string()), Error);
}

std::vector<TarEntry> filesOf(const std::string& tar) {
  return test::listing(tar).files;
}

TEST(ShardIndex, TextIsThatOfWds2idx) {
  const std::string tar = tarOf({{"a.jpg", "AAA"}, {"a.cls", "3"}, {"README", ""}, {"n/b.png", "B"}});
  EXPECT_EQ(indexText(filesOf(tar)), "v1.2 2\njpg 512 3 a.jpg cls 1536 1 a.cls\npng 3072 1 n/b.png\n");
  EXPECT_EQ(indexText({}), "v1.2 0\n");
  EXPECT_EQ(indexNameOf("/data.d/x-000.tar"), "/data.d/x-000.idx");
  EXPECT_EQ(indexNameOf("x.y.tar"), "x.idx");
}

TEST(ShardIndex, RoundTrip) {
  const std::string tar = tarOf({{"a.jpg", "AAA"}, {"a.cls", "3"}, {"n/b.png", "B"}});
  const auto files = parseIndex(indexText(filesOf(tar)), static_cast<int64_t>(tar.size()));
  ASSERT_TRUE(files);
  ASSERT_EQ(files->size(), 3u);
  EXPECT_EQ((*files)[2].name, "n/b.png");
  EXPECT_EQ((*files)[2].offset, 2560);
}

TEST(ShardIndex, WhatDoesNotFitIsNone) {
  for (const char* text :
       {"", "v1.2", "v1.1 1\njpg 512 3\n", "v1.2 1\n", "v1.2 2\njpg 512 3 a.jpg\n",
        "v1.2 1\njpg 513 3 a.jpg\n", "v1.2 1\njpg 512 99999 a.jpg\n", "v1.2 1\njpg 512 -3 a.jpg\n",
        "v1.2 1\njpg 99999999999999999999 3 a.jpg\n", "v1.2 1\njpg 512 3 a b.jpg\n",
        "v1.2 1\njpg 0 3 a.jpg\n", "v1.2 1\npng 512 3 a.jpg\n", "v1.2 -1\n"})
    EXPECT_FALSE(parseIndex(text, 4096)) << text;
}

TEST_F(Tars, AFittingIndexIsUsed) {
  const std::string tar = tarOf({{"a.jpg", "AAA"}, {"b.jpg", "B"}});
  const std::string path = write("x.tar", tar);
  write("x.idx", "v1.2 1\njpg 1536 1 b.jpg\n");  // of the second file only, to see that it is used
  EXPECT_EQ(contents(*openTars(path)), (List{"b.jpg -1 B"}));
}

TEST_F(Tars, AStaleIndexIsNotTrusted) {
  const std::string tar = tarOf({{"a.jpg", "AAA"}, {"b.jpg", "B"}});
  const std::string path = write("x.tar", tar);
  const List right{"a.jpg -1 AAA", "b.jpg -1 B"};
  write("x.idx", "v1.2 1\njpg 1536 2 b.jpg\n");  // another size
  EXPECT_EQ(contents(*openTars(path)), right);
  write("x.idx", "v1.2 1\njpg 1536 1 b.jpg\n");
  fs::last_write_time(folder_ / "x.idx",
                      fs::last_write_time(path) - std::chrono::hours(1));  // older than the archive
  EXPECT_EQ(contents(*openTars(path)), right);
}

TEST_F(Tars, AnArchiveThatChangesIsNoticed) {
  const std::string path = write("x.tar", tarOf({{"a.jpg", "AAA"}, {"b.jpg", "B"}}));
  const auto source = openTars(path);
  write("x.tar", tarOf({{"a.jpg", std::string(600, 'A')}, {"b.jpg", "B"}}));
  std::vector<uint8_t> bytes;
  MIXMIM_EXPECT_ERROR(source->read(0, bytes),
                      (path + ":512: no image begins there; the archive was changed, or its "
                              "index belongs to another")
                          .c_str());
}

}  // namespace
}  // namespace cv::mixmim
