// Lists of pictures: every form that people have, and what is wrong with others.
#include <filesystem>
#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "sources/files/file_source.hpp"
#include "sources/lists/csv.hpp"
#include "sources/lists/json_list.hpp"
#include "sources/lists/text_list.hpp"
#include "tests/data_pipeline/data_set.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

using test::DataSet;
using test::TempFolder;
using test::writeFile;
using List = std::vector<std::string>;

const SourceOptions kNeeded{0, Classes::kNeeded, {}};

/// "name label", an entry per picture.
List entries(const PictureFiles& files) {
  List list;
  for (int64_t i = 0; i < files.pictures.size(); ++i)
    list.push_back(std::string(files.pictures.name(i)) + " " + std::to_string(files.pictures.label(i)));
  return list;
}

PictureFiles fromJson(const std::string& text, const SourceOptions& options = {}, size_t piece = 7) {
  size_t at = 0;
  const auto next = [&] {
    const std::string_view part = std::string_view(text).substr(at, piece);
    at += part.size();
    return part;
  };
  return readJsonList(next, "l.json", options);
}

TEST(Csv, QuotesHoldSeparatorsLineEndsAndQuotes) {
  CsvRows rows("a , \"b,\"\"c\"\"\nd\",\r\n\n\"\"\r x;y\t,2", ',', "l.csv");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.fields(), (List{"a", "b,\"c\"\nd", ""}));
  EXPECT_EQ(rows.place(), "l.csv:1");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.fields(), (List{""}));
  EXPECT_EQ(rows.place(), "l.csv:4");
  ASSERT_TRUE(rows.next());
  EXPECT_EQ(rows.fields(), (List{"x;y", "2"}));
  EXPECT_FALSE(rows.next());
}

TEST(Csv, WhatIsNoCsvIsAnError) {
  const auto readAll = [](const std::string& text) {
    CsvRows rows(text, ',', "l.csv");
    while (rows.next()) {
    }
  };
  MIXMIM_EXPECT_ERROR(readAll("a,b\n\"c\n"), "l.csv:2: a quote is not closed");
  MIXMIM_EXPECT_ERROR(readAll("\"a\"b"),
                      "l.csv:1: text behind a closing quote; a quote in quotes is written twice");
  MIXMIM_EXPECT_ERROR(readAll(std::string(1000, ',')), "l.csv:1: expected at most 1000 fields");
  MIXMIM_EXPECT_ERROR(readAll(std::string(70000, 'x')), "l.csv:1: a field is longer than 65536 bytes");
  MIXMIM_EXPECT_ERROR(readAll("\"" + std::string(70000, 'x')), "l.csv:1: a field is longer than 65536 bytes");
}

struct Form {
  const char *name, *list, *text;
  List entries, classes, warnings;
};

class Forms : public testing::TestWithParam<Form> {};

TEST_P(Forms, AreRecognised) {
  const auto& [name, list, text, expected, classes, warnings] = GetParam();
  const PictureFiles files = readTextList(text, list, {});
  EXPECT_EQ(entries(files), expected);
  EXPECT_EQ(files.classes, classes);
  EXPECT_EQ(files.warnings, warnings);
}

INSTANTIATE_TEST_SUITE_P(
    Table, Forms,
    testing::Values(
        Form{"WithHeader",
             "l.csv",
             "path,label\n./a.jpg,zoo\nb.jpg,ape\n",
             {"a.jpg 1", "b.jpg 0"},
             {"ape", "zoo"},
             {}},
        Form{"WithoutHeader", "l.csv", "a.jpg,zoo\nb.jpg,ape", {"a.jpg 1", "b.jpg 0"}, {"ape", "zoo"}, {}},
        Form{"MarkAndWindowsLines",
             "l.csv",
             "\xef\xbb\xbfpath,label\r\na.jpg,zoo\r\n",
             {"a.jpg 0"},
             {"zoo"},
             {}},
        Form{"Semicolons", "l.csv", "filename;class\n\"a;b.jpg\";zoo\n", {"a;b.jpg 0"}, {"zoo"}, {}},
        Form{"Tabs", "l.txt", "a.jpg\tzoo\n", {"a.jpg 0"}, {"zoo"}, {}},
        Form{"LabelFirst", "l.csv", "ape,a.jpg\nape,b.jpg\n", {"a.jpg 0", "b.jpg 0"}, {"ape"}, {}},
        Form{"HeaderOfOtherNames", "l.csv", "foto,tier\na.jpg,zoo\n", {"a.jpg 0"}, {"zoo"}, {}},
        Form{"NamesWithoutEndings", "l.csv", "id,label\n00ff,zoo\n", {"00ff 0"}, {"zoo"}, {}},
        Form{"MoreColumns",
             "l.csv",
             "split,Label,Path\ntrain,7,a.jpg\n",
             {"a.jpg 7"},
             {"0", "1", "2", "3", "4", "5", "6", "7"},
             {"l.csv: columns that are not used: split",
              "l.csv: no picture has the classes 0, 1, 2, 3, 4 and 2 more"}},
        Form{"PathsOnly", "l.csv", "path\na.jpg\nb.jpg\n", {"a.jpg -1", "b.jpg -1"}, {}, {}},
        Form{"LinesOfPaths", "l.txt", "a b.jpg\n/c.jpg\n", {"a b.jpg -1", "/c.jpg -1"}, {}, {}},
        Form{"Places",
             "l.txt",
             "/a/air field/1.jpg 0\n/b/barn/2.jpg 1\n/a/barn/3.jpg 2\n",
             {"/a/air field/1.jpg 0", "/b/barn/2.jpg 1", "/a/barn/3.jpg 2"},
             {"a/air field", "b/barn", "a/barn"},
             {}},
        Form{"NumbersAndFolders",
             "l.csv",
             "d/x/1.jpg,1\nd/y/2.jpg,0\n",
             {"d/x/1.jpg 1", "d/y/2.jpg 0"},
             {"y", "x"},
             {}},
        Form{"NumbersWithoutFolders", "l.csv", "1.jpg,1\n2.jpg,0\n", {"1.jpg 1", "2.jpg 0"}, {"0", "1"}, {}},
        Form{"NumbersOfProducts",
             "l.csv",
             "1.jpg,844215\n2.jpg,99\n",
             {"1.jpg 0", "2.jpg 1"},
             {"844215", "99"},
             {}},
        Form{"NumbersAsNames", "l.csv", "1.jpg,01\n2.jpg,02\n", {"1.jpg 0", "2.jpg 1"}, {"01", "02"}, {}},
        Form{"NoLabelForSome", "l.csv", "1.jpg,ape\n2.jpg,\n", {"1.jpg 0", "2.jpg -1"}, {"ape"}, {}},
        Form{"Twice",
             "l.csv",
             "1.jpg,ape\n1.jpg,ape\n",
             {"1.jpg 0", "1.jpg 0"},
             {"ape"},
             {"l.csv: 1 of its 2 pictures is listed before"}}),
    [](const auto& tested) { return std::string(tested.param.name); });

struct SeveralLabels {
  const char *name, *text;
  List classes;
  std::vector<std::vector<int>> labels;  // of each picture; none = every picture has one class
  List warnings;
};

class Labels : public testing::TestWithParam<SeveralLabels> {};

TEST_P(Labels, AreFound) {
  const auto& [name, text, classes, labels, warnings] = GetParam();
  PictureFiles files = readTextList(text, "l.csv", kNeeded);
  EXPECT_EQ(files.classes, classes);
  EXPECT_EQ(files.warnings, warnings);
  const auto source = sourceOf(std::move(files));
  EXPECT_EQ(source->hasSeveralLabels(), !labels.empty());
  for (size_t i = 0; i < labels.size(); ++i) {
    const auto index = static_cast<int64_t>(i);
    EXPECT_EQ(source->labelsOf(index), labels[i]) << i;
    EXPECT_EQ(source->label(index), labels[i].empty() ? -1 : labels[i].front()) << i;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, Labels,
    testing::Values(
        SeveralLabels{"Bars",
                      "path,label\n1.jpg,sea| red sun |sea\n2.jpg,\n3.jpg,cat\n",
                      {"cat", "red sun", "sea"},
                      {{1, 2}, {}, {0}},
                      {"l.csv: several labels per picture, separated by '|'"}},
        SeveralLabels{"BarsWithoutHeader",
                      "1.jpg,a\n2.jpg,a|b\n",
                      {"a", "b"},
                      {{0}, {0, 1}},
                      {"l.csv: several labels per picture, separated by '|'"}},
        SeveralLabels{"Blanks",
                      "image_name,tags\n1.jpg,haze primary\n2.jpg,haze\n",
                      {"haze", "primary"},
                      {{0, 1}, {0}},
                      {"l.csv: several labels per picture, separated by blanks"}},
        SeveralLabels{"SemicolonsBeforeCommas",
                      "path,Labels\n1.jpg,a;b c\n2.jpg,\"d, e\"\n",
                      {"a", "b c", "d, e"},
                      {{0, 1}, {2}},
                      {"l.csv: several labels per picture, separated by ';'"}},
        SeveralLabels{"CommasInQuotes",
                      "path,classes\n1.jpg,\"a, b c\"\n2.jpg,a\n",
                      {"a", "b c"},
                      {{0, 1}, {0}},
                      {"l.csv: several labels per picture, separated by ','"}},
        SeveralLabels{"Numbers",
                      "path,labels\n1.jpg,0 2\n2.jpg,1\n",
                      {"0", "1", "2"},
                      {{0, 2}, {1}},
                      {"l.csv: several labels per picture, separated by blanks"}},
        SeveralLabels{"ColumnsOfFlags",
                      "zoo,path,ape\n1,1.jpg,0\n1.0,2.jpg,1\n0,3.jpg,0.0\n",
                      {"ape", "zoo"},
                      {{1}, {0, 1}, {}},
                      {}},
        SeveralLabels{"AFlagThatNoPictureHas",
                      "path,ape,bee,zoo\n1.jpg,1,0,1\n",
                      {"ape", "bee", "zoo"},
                      {{0, 2}},
                      {"l.csv: no picture has the class bee"}},
        SeveralLabels{"FlagsOfOneClassEach", "path,ape,zoo\n1.jpg,0,1\n2.jpg,1,0\n", {"ape", "zoo"}, {}, {}},
        SeveralLabels{"OneTagEach", "path,tags\n1.jpg,zoo\n2.jpg,ape\n", {"ape", "zoo"}, {}, {}}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(TextList, OneLabelOrNoneIsAClassOrNone) {
  const PictureFiles files = readTextList("path,tags\n1.jpg,zoo\n2.jpg,\n3.jpg,ape\n", "l.csv", kNeeded);
  EXPECT_EQ(entries(files), (List{"1.jpg 1", "3.jpg 0"}));
  EXPECT_EQ(files.omissions.text(), "1 picture without a class");
  EXPECT_EQ(
      entries(readTextList("path,tags\n1.jpg,b\n2.jpg,a\n3.jpg,b\n", "l.csv", {1, Classes::kNeeded, {}})),
      (List{"1.jpg 1", "2.jpg 0"}));
}

TEST(TextList, LabelsTellDataSetsApart) {
  std::set<std::string> fingerprints;
  for (const char* labels : {"a|b\nx,c", "a|c\nx,b", "a|b|c\nx,c", "a\nx,c|b"})
    fingerprints.insert(
        sourceOf(readTextList(std::string("path,labels\nx,") + labels + "\n", "l.csv", {}))->fingerprint());
  EXPECT_EQ(fingerprints.size(), 4u);
}

TEST(TextList, ARootTakesSlashesInside) {
  EXPECT_EQ(entries(readTextList("/a/1.jpg 0\n//b/2.jpg 1\n", "l.txt", {0, Classes::kShown, "root"})),
            (List{"a/1.jpg 0", "b/2.jpg 1"}));
}

TEST(TextList, WhereClassesAreNeededPathsWithoutOneArePassedOver) {
  const PictureFiles files = readTextList("1.jpg,ape\n2.jpg,\n", "l.csv", kNeeded);
  EXPECT_EQ(entries(files), (List{"1.jpg 0"}));
  EXPECT_EQ(files.omissions.text(), "1 picture without a class");
  EXPECT_EQ(entries(readTextList("1.jpg,b\n2.jpg,a\n3.jpg,b\n", "l.csv", {1, Classes::kNeeded, {}})),
            (List{"1.jpg 1", "2.jpg 0"}));
}

struct WrongList {
  const char *name, *list, *text, *message;
};

class WrongLists : public testing::TestWithParam<WrongList> {};

TEST_P(WrongLists, AreErrors) {
  MIXMIM_EXPECT_ERROR(readTextList(GetParam().text, GetParam().list, kNeeded), GetParam().message);
}

INSTANTIATE_TEST_SUITE_P(
    Table, WrongLists,
    testing::Values(
        WrongList{"Empty", "l.csv", "",
                  "l.csv: has no classes, and they are needed; expected a class beside every path, such as "
                  "path,label"},
        WrongList{"NoLabels", "l.txt", "a.jpg\n",
                  "l.txt: has no classes, and they are needed; expected a class beside every path, such as "
                  "path,label"},
        WrongList{"ShortRow", "l.csv", "path,label\na.jpg,0\nb.jpg\n",
                  "l.csv:3: expected 2 fields as in the first row, got 1"},
        WrongList{
            "WhichIsTheLabel", "l.csv", "a.jpg,x,y\n",
            "l.csv: expected a column for paths and one for labels, got 3; a header such as path,label says "
            "which they are; columns of 0 and 1 are labels"},
        WrongList{"ColumnsOfOtherNumbers", "l.csv", "path,ape,bee\na.jpg,0,2\n",
                  "l.csv: expected a column for paths and one for labels, got 3; a header such as path,label "
                  "says which they are; columns of 0 and 1 are labels"},
        WrongList{"Utf16", "l.csv", "\xff\xfep\0a\0", "l.csv: is UTF-16, expected UTF-8; save it as UTF-8"},
        WrongList{
            "NotUtf8", "l.csv", "K\xe4se.jpg,0\n",
            "l.csv:1: the name 'K\\xE4se.jpg' is not UTF-8; rename it, because checkpoints and reports could "
            "not name it"},
        WrongList{
            "LabelNotUtf8", "l.csv", "a.jpg,K\xe4se\n",
            "l.csv:1: the name 'K\\xE4se' is not UTF-8; rename it, because checkpoints and reports could not "
            "name it"},
        WrongList{"NoPath", "l.csv", "path,label\n,0\n",
                  "l.csv:2: expected a path of 1 to 4096 bytes, got 0"}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(TextList, ZeroBytesAreNoPartOfPaths) {
  MIXMIM_EXPECT_ERROR(readTextList(std::string_view("a.jpg\0,1\n", 9), "l.csv", {}),
                      "l.csv:1: a zero byte in a path");
}

TEST(TextList, AFlagIsZeroOrOneInEveryRow) {
  std::string text = "path,ape,bee\n";
  for (int i = 0; i < 60; ++i) text += "a.jpg,1,0\n";
  MIXMIM_EXPECT_ERROR(readTextList(text + "b.jpg,1,yes\n", "l.csv", {}),
                      "l.csv:62: column 'bee': expected 0 or 1, got 'yes'");
}

TEST(TextList, SeveralLabelsHaveNoFirstImagesOfAClass) {
  MIXMIM_EXPECT_ERROR(readTextList("path,labels\na.jpg,x|y\n", "l.csv", {1, Classes::kNeeded, {}}),
                      "l.csv:2: data.imagesPerClass expects one class per picture, got several labels");
}

TEST(TextList, ALineWithoutANumberBehindMany) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "/a/1.jpg 0\n";
  MIXMIM_EXPECT_ERROR(readTextList(text + "/a/2.jpg\n", "l.txt", {}),
                      "l.txt:61: expected a path, a blank and a class number, got '/a/2.jpg'");
}

const std::string kJson =
    R"({"info": {"images": [1]}, "annotations": [{"id": 5, "image_id": 1, "category_id": 10, "bbox": [1, 2]},
    {"image_id": "x", "category_id": 9}], "images": [{"file_name": "b\/1.jpg", "id": 1, "width": 1.5},
    {"id": "x", "file_name": "a/2.jpg"}, {"id": 3, "file_name": "c.jpg"}],
    "categories": [{"id": 10, "name": "cat"}, {"id": 9, "name": "ant"}, {"id": 11, "name": "cat"}]})";

TEST(JsonList, ImagesAnnotationsAndCategoriesAreJoined) {
  for (const size_t piece : {size_t{1}, size_t{7}, kJson.size()}) {
    const PictureFiles files = fromJson(kJson, {}, piece);
    EXPECT_EQ(entries(files), (List{"b/1.jpg 1", "a/2.jpg 0", "c.jpg -1"}));
    EXPECT_EQ(files.classes, (List{"ant", "cat (10)", "cat (11)"}));
    EXPECT_EQ(files.warnings, (List{"l.json: no picture has the class cat (11)"}));
  }
  EXPECT_EQ(fromJson(kJson, kNeeded).omissions.text(), "1 picture without a class");
  EXPECT_EQ(entries(fromJson(R"({"images": [{"id": 1, "file_name": "a.jpg"}]})")), (List{"a.jpg -1"}));
}

/// As in COCO: an annotation for every object.
TEST(JsonList, SeveralCategoriesOfAnImageAreItsLabels) {
  const PictureFiles files = fromJson(
      R"({"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"},
          {"id": 3, "file_name": "c.jpg"}],
          "annotations": [{"image_id": 1, "category_id": 7, "bbox": [0, 0, 1, 1]}, {"image_id": 1, "category_id": 3},
          {"image_id": 1, "category_id": 7}, {"image_id": 3, "category_id": 7}],
          "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]})",
      kNeeded);
  EXPECT_EQ(files.classes, (List{"cat", "dog"}));
  const auto source = sourceOf(files);
  ASSERT_TRUE(source->hasSeveralLabels());
  EXPECT_EQ(source->labelsOf(0), (std::vector<int>{0, 1}));
  EXPECT_EQ(source->labelsOf(1), (std::vector<int>{}));
  EXPECT_EQ(source->labelsOf(2), (std::vector<int>{1}));
}

TEST(JsonList, WhatDoesNotFitIsAnError) {
  const std::pair<const char*, const char*> all[] = {
      {"[1]", "l.json: expected an object with images, annotations and categories, got an array"},
      {R"({"images": [{"id": 1}]})", "l.json: images[0]: expected a text or a whole number as file_name"},
      {R"({"images": [{"id": 1.5, "file_name": "a"}]})",
       "l.json: images[0]: expected a text or a whole number as id"},
      {R"({"annotations": [{"image_id": 1}]})",
       "l.json: annotations[0]: expected a text or a whole number as category_id"},
      {R"({"annotations": [{"image_id": 1, "category_id": 1}], "categories": [{"id": 1}]})",
       "l.json: annotations[0]: its image is not in the file"},
      {R"({"annotations": [{"image_id": 1, "category_id": 1}], "images": [{"id": 1, "file_name": "a"}]})",
       "l.json: annotations[0]: its category is not in the file"},
      {R"({"categories": [{"id": 1}, {"id": 1}]})", "l.json: the category 1 is there twice"},
      {R"({"images": [{"id": 1, "file_name": ""}]})",
       "l.json: images[0]: expected a text or a whole number as file_name"},
      {"{}", "l.json: lists no picture"},
      {R"({"images": [)", "l.json: not JSON at byte 12: incomplete JSON"},
      {"{} x", "l.json: not JSON at byte 3: extra data"},
  };
  for (const auto& [text, message] : all) MIXMIM_EXPECT_ERROR(fromJson(text, {}, 100), message);
}

class ListFiles : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    writeFile(folder_ / name, text);
    return (folder_ / name).string();
  }
  std::string in(const std::string& name) const { return (folder_ / name).string(); }
  TempFolder folder_;
};

TEST_F(ListFiles, PathsBeginBesideTheListOrInTheRoot) {
  write("pictures/a.jpg", "A");
  const std::string beside = write("pictures/l.txt", "a.jpg\n"), elsewhere = write("l.txt", "/a.jpg\n");
  EXPECT_EQ(openSource(beside)->path(0), in("pictures/a.jpg"));
  EXPECT_EQ(openSource("@" + beside)->path(0), in("pictures/a.jpg"));
  EXPECT_EQ(openSource(elsewhere, {0, Classes::kShown, in("pictures")})->path(0), in("pictures/a.jpg"));
  EXPECT_EQ(openSource(write("absolute.csv", in("pictures/a.jpg") + ",0\n"))->path(0), in("pictures/a.jpg"));
  MIXMIM_EXPECT_ERROR(openSource(elsewhere),
                      (elsewhere + ": the pictures it lists are not there, '/a.jpg' for example; --root "
                                   "DIR says where its paths begin")
                          .c_str());
  const std::string windows = write("w.csv", "pictures\\a.jpg,0\n");
  MIXMIM_EXPECT_ERROR(openSource(windows),
                      (windows + ": the pictures it lists are not there, '" + in("pictures\\a.jpg") +
                       "' for example; its paths have backslashes, expected '/'")
                          .c_str());
}

TEST_F(ListFiles, ArchivesCanBeListed) {
  write("d/x.tar", test::tarOf({{"c/a.jpg", "A"}}));
  write("y.tar", test::tarOf({{"d/b.jpg", "B"}}));
  const auto source = openSource("@" + write("l.txt", "d/x.tar\ny.tar\n"), kNeeded);
  EXPECT_EQ(source->labels(), (List{"c", "d"}));
  EXPECT_EQ(source->size(), 2);
}

TEST_F(ListFiles, OtherFilesAreNoLists) {
  const std::string picture = write("a.dat", "GIF89a and more"), other = write("b", std::string("\1\0\2", 3));
  MIXMIM_EXPECT_ERROR(
      openSource(picture),
      (picture + ": expected a folder of images, a .tar or a list, got a picture (GIF)").c_str());
  MIXMIM_EXPECT_ERROR(openSource(other),
                      (other + ": expected a folder of images, a .tar or a list, got another file").c_str());
}

/// The same pictures and classes, however they are named.
TEST_F(ListFiles, EveryFormGivesTheSameBatches) {
  const DataSet data(3, 6);
  const auto tree = data.open();
  std::string csv = "path,label\n", places, images, annotations;
  for (int64_t i = 0; i < tree->size(); ++i) {
    const std::string name = tree->name(i), number = std::to_string(tree->label(i)),
                      id = std::to_string(1000 - i);
    csv += name + "," + tree->labels()[static_cast<size_t>(tree->label(i))] + "\n";
    places += "/" + name + " " + number + "\n";
    images += (i == 0 ? "" : ",") + fmt::format(R"({{"id": {}, "file_name": "{}"}})", id, name);
    annotations += (i == 0 ? "" : ",") +
                   fmt::format(R"({{"image_id": {}, "category_id": {}}})", id, 40 + tree->label(i));
  }
  const std::string json = R"({"images": [)" + images + R"(], "annotations": [)" + annotations +
                           R"(], "categories": [{"id": 42, "name": "class2"}, {"id": 40, "name": "class0"},
                           {"id": 41, "name": "class1"}]})";
  const SourceOptions root{0, Classes::kNeeded, data.root()};
  const std::pair<const char*, std::shared_ptr<const Source>> forms[] = {
      {"CSV", openSource(write("l.csv", csv), root)},
      {"Places", openSource(write("l.txt", places), root)},
      {"iNaturalist", openSource(write("l.json", json), root)},
      {"shards", data.openPacked()}};
  const auto expected = test::run(tree, test::optionsFor(Recipe::kFinetune), 0, 6);
  ASSERT_EQ(expected.size(), 6u);
  for (const auto& [name, source] : forms) {
    EXPECT_EQ(source->labels(), tree->labels()) << name;
    EXPECT_EQ(source->fingerprint(), tree->fingerprint()) << name;
    EXPECT_EQ(test::run(source, test::optionsFor(Recipe::kFinetune), 0, 6), expected) << name;
  }
}

}  // namespace
}  // namespace cv::mixmim
