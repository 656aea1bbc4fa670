#include "inputs/class_match.hpp"

#include <gtest/gtest.h>

#include "inputs/text_lines.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

using Labels = std::vector<std::string>;

template <class Case>
std::string nameOf(const ::testing::TestParamInfo<Case>& test) {
  return test.param.name;
}

struct Match {
  const char* name;
  Labels data;
  ModelClasses model;
  ClassMap map;
  std::vector<int> classes;
  const char* note;
};

class ClassMatches : public ::testing::TestWithParam<Match> {};

TEST_P(ClassMatches, AreFoundAndSaid) {
  const ClassMatch match = matchClasses("val", GetParam().data, GetParam().model, GetParam().map);
  EXPECT_EQ(match.classes, GetParam().classes);
  EXPECT_EQ(match.note, GetParam().note);
}

const Labels kColours{"blue", "green", "red"}, kFarben{"blau", "gruen", "rot"}, kNumbers{"0", "1", "2"};

INSTANTIATE_TEST_SUITE_P(
    Lists, ClassMatches,
    ::testing::Values(
        Match{"Same", kColours, {kColours}, {}, {0, 1, 2}, ""},
        Match{"OtherOrder",
              kColours,
              {{"red", "green", "blue"}},
              {},
              {2, 1, 0},
              "its classes have another order than the model's, and are matched by name"},
        Match{"Subset",
              {"green", "red"},
              {kColours},
              {},
              {1, 2},
              "has 2 of the model's 3 classes, matched by name"},
        Match{"ModelOfNumbers",
              kColours,
              {kNumbers},
              {},
              {0, 1, 2},
              "the model's classes have no names, and are matched by position"},
        Match{"SomeNumbers",
              {"0", "2"},
              {kNumbers},
              {},
              {0, 2},
              "has 2 of the model's 3 classes, matched by name"},
        Match{"DataOfNumbers",
              {"000", "2"},
              {kColours},
              {},
              {0, 2},
              "its classes are numbers, and count as positions among the model's"},
        Match{"RenamedAtExport",
              kColours,
              {kFarben, true},
              {},
              {0, 1, 2},
              "its classes have other names than --labels gave the model's, and are matched by position"},
        Match{"Map",
              {"blue", "red"},
              {kFarben},
              {{"blue", "blau"}, {"red", "2"}},
              {0, 2},
              "its classes are matched by --class-map"},
        Match{"MapOfNumbers",
              {"blue", "red"},
              {kFarben},
              {{"0", "rot"}, {"1", "0"}},
              {2, 0},
              "its classes are matched by --class-map"},
        Match{"MapOfSome",
              {"blue", "green"},
              {kColours},
              {{"green", "red"}},
              {0, 2},
              "its classes are matched by --class-map"}),
    nameOf<Match>);

TEST(ClassMatch, ClassesThatTheModelLacksAreNamed) {
  const char* hint = "; --class-map FILE says which class of the model each class of the data is";
  const auto expect = [&](const Labels& data, const ModelClasses& model, const std::string& message) {
    MIXMIM_EXPECT_ERROR(matchClasses("val", data, model), (message + hint).c_str());
  };
  expect({"blue", "pink"}, {kColours}, "val: has classes that are none of the model's 3: 'pink'");
  expect(kColours, {kFarben}, "val: has classes that are none of the model's 3: 'blue', 'green', 'red'");
  expect({"blau", "green", "red"}, {kFarben, true},
         "val: has classes that are none of the model's 3: 'green', 'red'");
  expect({"blue", "red"}, {kNumbers}, "val: has classes that are none of the model's 3: 'blue', 'red'");
  expect({"1", "2", "3"}, {kColours}, "val: has classes that are none of the model's 3: '1', '2', '3'");
}

TEST(ClassMatch, MapsThatDoNotFitAreRefused) {
  MIXMIM_EXPECT_ERROR(matchClasses("val", {"blue"}, {kFarben}, {{"blue", "lila"}}),
                      "val: class 'blue' is 'lila' of the model, expected one of its 3 classes; a line of "
                      "--class-map says data,model");
  MIXMIM_EXPECT_ERROR(matchClasses("val", {"blue"}, {kFarben}, {{"blue", "3"}}),
                      "val: class 'blue' is '3' of the model, expected one of its 3 classes; a line of "
                      "--class-map says data,model");
  MIXMIM_EXPECT_ERROR(matchClasses("val", {"blau"}, {kFarben}, {{"pink", "rot"}}),
                      "--class-map: 'pink' is no class of val");
}

TEST(ClassMatch, MapFilesAreRead) {
  const TempFolder folder;
  const std::string path = folder / "map.csv";
  writeFile(path, std::string("\xef\xbb\xbf"
                              "blue,blau\r\n\"red, dark\",2\r\n\"a \"\"b\"\"\",rot\r\n"));
  EXPECT_EQ(readClassMap(path), (ClassMap{{"blue", "blau"}, {"red, dark", "2"}, {"a \"b\"", "rot"}}));
  EXPECT_TRUE(readClassMap("").empty());
  const auto expect = [&](const std::string& text, const std::string& message) {
    writeFile(path, text);
    MIXMIM_EXPECT_ERROR(readClassMap(path), (path + message).c_str());
  };
  expect("blue", ": line 1: expected data,model, got 'blue'");
  expect("blue,blau\nred,rot,rosa", ": line 2: expected data,model, got 'red,rot,rosa'");
  expect("blue,", ": line 1: expected data,model, got 'blue,'");
  expect("blue,1\nblue,2", ": line 2: class 'blue' is there twice");
  expect("\n", ": is empty, expected lines data,model");
}

struct Editor {
  const char* name;
  std::string text;
  Labels lines;
};

class TextLines : public ::testing::TestWithParam<Editor> {};

TEST_P(TextLines, AreThoseOfAnyEditor) {
  const TempFolder folder;
  writeFile(folder / "a.txt", GetParam().text);
  EXPECT_EQ(readTextLines(folder / "a.txt", ""), GetParam().lines);
}

INSTANTIATE_TEST_SUITE_P(Editors, TextLines,
                         ::testing::Values(Editor{"Unix", "a\nb\n", {"a", "b"}},
                                           Editor{"Windows", "a\r\nb\r\n", {"a", "b"}},
                                           Editor{"Notepad",
                                                  "\xef\xbb\xbf"
                                                  "a\r\nb",
                                                  {"a", "b"}},
                                           Editor{"EmptyInside", "a\n\nb\n\n\n", {"a", "", "b"}},
                                           Editor{"Empty", "", {}}),
                         nameOf<Editor>);

TEST(TextLinesFile, OfTwoBytesPerLetterIsNamed) {
  const TempFolder folder;
  const std::string path = folder / "a.txt";
  for (const std::string& text : {std::string("\xff\xfe"
                                              "a\0\n\0",
                                              6),
                                  std::string("\xfe\xff\0a", 4), std::string("a\0b\0", 4)}) {
    writeFile(path, text);
    MIXMIM_EXPECT_ERROR(readTextLines(path, ""), (path + ": is UTF-16; save it as UTF-8").c_str());
  }
  MIXMIM_EXPECT_ERROR(readTextLines(folder / "none", "expected labels"),
                      (std::string(folder / "none") + ": cannot be read; expected labels").c_str());
}

}  // namespace
}  // namespace cv::mixmim::test
