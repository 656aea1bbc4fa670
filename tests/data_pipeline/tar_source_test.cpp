#include "sources/archives/tar_source.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "data_pipeline/shard_index.hpp"
#include "sources/archives/shard_names.hpp"
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

TEST(ShardNames, GapsAreNamed) {
  EXPECT_EQ(missingShards({"d/x-00.tar", "d/x-03.tar", "y-1.tar", "e/x-01.tar"}),
            (List{"d/x-01.tar", "d/x-02.tar"}));
  EXPECT_EQ(missingShards({"a.tar", "b.tar"}), List{});
  EXPECT_EQ(missingShards({"x-000000000.tar", "x-999999999.tar"}).size(), 100u);
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
    return path_ = (folder_ / name).string();
  }
  std::string path_;  // written last
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
                                                     {"b/@eaDir/x.jpg", "no"},
                                                     {"__MACOSX/folder.d/._c.webp", "no"},
                                                     {"README", "no"},
                                                     {"folder.d/c.webp", "C"},
                                                     {"folder.d/c.cls", "0"}})));
  EXPECT_EQ(contents(*source), (List{"a.jpg 3 A", "b.PNG 1 B", "folder.d/c.webp 0 C"}));
  EXPECT_EQ(source->labels(), (List{"0", "1", "2", "3"}));
  EXPECT_TRUE(source->problems().empty());
  EXPECT_EQ(source->omissions().text(),
            "1 hidden file or folder, 2 files or folders of the operating system, "
            "1 file that is not read here (without ending 1)");
  EXPECT_EQ(source->warnings(), (List{path_ + ": no picture has the class 2"}));
}

TEST_F(Tars, FoldersThatAllSamplesShareAreNoClasses) {
  const auto source = openTars(write(
      "x.tar",
      tarOf({{"./d/train/zoo/a.jpg", "A"}, {"d/train/ape/b.jpg", "B"}, {"d/train/ape/deep/c.jpg", "C"}})));
  EXPECT_EQ(source->labels(), (List{"ape", "zoo"}));
  EXPECT_EQ(contents(*source),
            (List{"./d/train/zoo/a.jpg 1 A", "d/train/ape/b.jpg 0 B", "d/train/ape/deep/c.jpg 0 C"}));
  const auto parts = openTars(write("y.tar", tarOf({{"train/a/1.jpg", "A"}, {"val/a/1.jpg", "B"}})));
  EXPECT_EQ(parts->warnings(),
            (List{path_ + ": its classes are called train, val, like the parts of one data set"}));
}

TEST_F(Tars, LabelsStandInJsonAndTxtToo) {
  const std::vector<test::NamedBytes> files{{"a.jpg", "A"},     {"a.json", R"({"id": 7, "label": 1})"},
                                            {"b.jpg", "B"},     {"b.json", R"({"cls": 0})"},
                                            {"b.txt", "no"},    {"c.jpg", "C"},
                                            {"c.txt", " 2\r\n"}};
  const SourceOptions labelled{0, Classes::kNeeded, {}};
  const std::string path = write("x.tar", tarOf(files));
  EXPECT_EQ(contents(*openTars(path, labelled)), (List{"a.jpg 1 A", "b.jpg 0 B", "c.jpg 2 C"}));
  EXPECT_TRUE(openTars(path, {0, Classes::kUnused, {}})->labels().empty());
  const auto names = openTars(
      write("y.tar", tarOf({{"a.jpg", "A"}, {"a.txt", "red fox"}, {"b.jpg", "B"}, {"b.txt", "ape"}})),
      labelled);
  EXPECT_EQ(names->labels(), (List{"ape", "red fox"}));
  EXPECT_EQ(names->label(0), 1);
}

TEST_F(Tars, WhereClassesAreNeededSamplesWithoutOneArePassedOver) {
  const std::string path = write("x.tar", tarOf({{"a.jpg", "A"}, {"a.cls", "1"}, {"b.jpg", "B"}}));
  EXPECT_EQ(contents(*openTars(path)), (List{"a.jpg 1 A", "b.jpg -1 B"}));
  const auto source = openTars(path, {0, Classes::kNeeded, {}});
  EXPECT_EQ(contents(*source), (List{"a.jpg 1 A"}));
  EXPECT_EQ(source->omissions().text(), "1 picture without a class");
}

TEST_F(Tars, PatternsAndFoldersOfArchives) {
  write("x-0.tar", tarOf({{"c/a.jpg", "A"}}));
  write("x-2.tar", tarOf({{"d/b.jpg", "B"}}));
  write("x-2.idx", "v1.2 1\njpg 512 1 d/b.jpg\n");
  const std::string folder = folder_.path().string();
  for (const std::string& named : {folder + "/x-*.tar", folder + "/x-[02].tar", folder}) {
    const auto source = openSource(named);
    EXPECT_EQ(contents(*source), (List{"c/a.jpg 0 A", "d/b.jpg 1 B"})) << named;
    ASSERT_EQ(source->problems().size(), 1u) << named;
    EXPECT_EQ(source->problems()[0].path, folder + "/x-1.tar");
    EXPECT_EQ(source->problems()[0].reason, "is not there, although its neighbours are");
  }
  MIXMIM_EXPECT_ERROR(openSource(folder + "/y-*.tar"),
                      (folder + "/y-*.tar: no file fits this pattern").c_str());
}

TEST_F(Tars, AFileThatIsThereIsNoPattern) {
  for (const std::string name : {"{1..2}.tar", "b{race}.tar", "*.tar", "a::b.tar"})
    EXPECT_EQ(openSource(write(name, tarOf({{"a.jpg", "A"}})))->size(), 1) << name;
  fs::create_directory(folder_ / "b{race}s");
  EXPECT_EQ(openSource(write("b{race}s/x.tar", tarOf({{"a.jpg", "A"}})))->size(), 1);
}

TEST_F(Tars, ContentTellsArchives) {
  EXPECT_EQ(openSource(write("x.data", tarOf({{"a.jpg", "A"}})))->size(), 1);
  const std::pair<std::string, std::string> packed[] = {{std::string("\x1f\x8b\x08"), "gzip"},
                                                        {std::string("PK\3\4"), "zip"},
                                                        {"BZh9", "bzip2"},
                                                        {std::string("7z\xbc\xaf"), "7z"}};
  for (const auto& [bytes, kind] : packed)
    for (const std::string name : {"x.tgz", "x.tar.gz", "x.zip", "x.tar"}) {
      const std::string path = write(name, bytes + " and more");
      MIXMIM_EXPECT_ERROR(openSource(path),
                          (path + ": packed with " + kind +
                           ", which has no random access; unpack it and name the folder, or "
                           "the plain .tar")
                              .c_str());
    }
}

TEST_F(Tars, NamesThatAreNotUtf8AreRefused) {
  const std::string path = write("x.tar", tarOf({{"K\xe4se/a.jpg", "A"}}));
  MIXMIM_EXPECT_ERROR(openTars(path),
                      (path + ":512: the name 'K\\xE4se/a.jpg' is not UTF-8; rename it, because "
                              "checkpoints and reports could not name it")
                          .c_str());
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

TEST_F(Tars, PicturesOutsideFoldersHaveNoClass) {
  const auto source = openTars(write("x.tar", tarOf({{"a.jpg", "A"}, {"folder/b.jpg", "B"}})));
  EXPECT_EQ(contents(*source), (List{"a.jpg -1 A", "folder/b.jpg 0 B"}));
  EXPECT_EQ(source->labels(), (List{"folder"}));
  EXPECT_TRUE(openTars(write("y.tar", tarOf({{"a.jpg", "A"}, {"b.jpg", "B"}})))->labels().empty());
}

TEST_F(Tars, ShardsFollowEachOtherAndPlacesAreNamed) {
  write("x-0.tar", tarOf({{"c/a.jpg", "A"}}));
  const std::string second = write("x-1.tar", tarOf({{"c/b.jpg", "B"}, {"d/c.jpg", "C"}}));
  const auto source = openSource((folder_ / "x-{0..1}.tar").string());
  EXPECT_EQ(contents(*source), (List{"c/a.jpg 0 A", "c/b.jpg 0 B", "d/c.jpg 1 C"}));
  EXPECT_EQ(source->path(2), second);
  EXPECT_EQ(source->offset(2), 1536);
  EXPECT_EQ(source->place(2), second + ":1536");
  EXPECT_EQ(openTars((folder_ / "x-{0..1}.tar").string(), {1, Classes::kShown, {}})->size(), 2);
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
      openTars(write(name, tar), {0, Classes::kNeeded, {}});
    } catch (const Error& error) {
      std::string text = error.what();
      const std::string folder = folder_.path().string() + "/";
      for (size_t at; (at = text.find(folder)) != std::string::npos;) text.erase(at, folder.size());
      return text;
    }
    return std::string("accepted");
  };
  EXPECT_EQ(refused("a.tar", tarOf({{"a.jpg", "A"}, {"a.cls", "\x80\x04K\x05."}})),
            "a.tar:1536: expected a class number from 0 to 999999, or a name, in the .cls file");
  EXPECT_EQ(refused("b.tar", tarOf({{"a.jpg", "A"}, {"a.cls", "12345678901234567890"}})),
            "b.tar:1536: expected a class number from 0 to 999999, or a name, in the .cls file");
  EXPECT_EQ(
      refused("c.tar", tarOf({{"a.jpg", "A"}, {"a.json", "{\"caption\": \"x\"}"}, {"b.jpg", "B"}})),
      "c.tar: has no classes, and they are needed; expected a .cls file with a class number beside every "
      "image, or a folder per class; the archive holds .jpg 2, .json 1");
  EXPECT_EQ(refused("d.tar", tarOf({{"a.txt", "A"}})),
            "d.tar: holds no image that is read here, its files end in .txt 1; expected files like .jpg and "
            ".png");
  EXPECT_EQ(refused("g.tar", tarOf({{"blue/22.05.0.jpg", "A"}, {"blue/22.05.1.jpg", "A"}})),
            "g.tar: holds no image that is read here, its files end in .05.0.jpg 1, .05.1.jpg 1; everything "
            "behind the first dot of a name is its ending in WebDataset");
  EXPECT_EQ(refused("h.tar", tarOf({{"a.jpg", "A"}, {"b.jpg", "B"}, {"a.cls", "0"}, {"b.cls", "1"}})),
            "h.tar:2560: the files of 'a' and 1 more do not stand together, as those of a sample must; pack "
            "them again in order: tar --sort=name");
  EXPECT_EQ(refused("i.tar", tarOf({{"a.jpg", "A"}, {"a.json", "{"}})),
            "i.tar:1536: the .json file: not JSON at byte 1: incomplete JSON");
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
