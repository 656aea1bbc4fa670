// Pictures and their label maps as a source, however they lie.
#include <gtest/gtest.h>

#include "data_pipeline/image_check.hpp"
#include "data_pipeline/source.hpp"
#include "png_samples.hpp"
#include "targets/label_maps.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/images.hpp"
#include "tests/support/tars.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

using test::TempFolder;
using test::writeFile;
using List = std::vector<std::string>;
using Bytes = std::vector<uint8_t>;

const cv::Size kSize(12, 8);
const SourceOptions kPairs{0, Classes::kShown, {}, true};
const SourceOptions kNeeded{0, Classes::kNeeded, {}, true};

Bytes picture(int number = 0) {
  return test::encoded(test::picture(kSize, number), ".png");
}

Bytes map(int classes = 3, cv::Size size = kSize) {
  return test::pngOf(test::mapOf(size, classes));
}

std::string text(const Bytes& bytes) {
  return {bytes.begin(), bytes.end()};
}

/// Pictures are files of that name with bytes of their own, maps likewise.
void write(const TempFolder& folder, const List& files) {
  for (const std::string& file : files) writeFile(folder / file, file);
}

/// "images/1.jpg masks/1.png": what read() and readMask() bring, where files hold their own names.
List pairsOf(const Source& source) {
  List pairs;
  for (int64_t i = 0; i < source.size(); ++i) {
    Bytes one, other;
    source.read(i, one);
    source.readMask(i, other);
    pairs.push_back(text(one) + " " + text(other));
  }
  return pairs;
}

template <class Call>
void expectError(const Call& call, const std::string& message) {
  MIXMIM_EXPECT_ERROR(call(), message.c_str());
}

struct Layout {
  const char* name;
  List files;
  const char* opened;  // below the root
  List pairs;
};

class PairLayout : public testing::TestWithParam<Layout> {};

TEST_P(PairLayout, IsRead) {
  TempFolder folder;
  write(folder, GetParam().files);
  writeFile(folder / "classes.txt", std::string("road\nsky\r\ntree\n\n"));
  const auto source = openSource((folder / GetParam().opened).string(), kNeeded);
  EXPECT_EQ(pairsOf(*source), GetParam().pairs);
  EXPECT_TRUE(source->hasMasks());
  EXPECT_EQ(source->labels(), (List{"road", "sky", "tree"}));
  EXPECT_EQ(source->label(0), -1);
  EXPECT_EQ(source->omissions().text(), "");
  EXPECT_TRUE(source->problems().empty());
  EXPECT_EQ(source->warnings(), List{});
}

INSTANTIATE_TEST_SUITE_P(
    Table, PairLayout,
    testing::Values(Layout{"Plain",
                           {"images/b.jpg", "images/a.png", "masks/a.png", "masks/b.png"},
                           ".",
                           {"images/a.png masks/a.png", "images/b.jpg masks/b.png"}},
                    Layout{"SplitFolders",
                           {"train/images/1.jpg", "train/masks/1.png", "val/images/2.jpg", "val/masks/2.png"},
                           "train/",
                           {"train/images/1.jpg train/masks/1.png"}},
                    Layout{"Ade20k",
                           {"images/training/x.jpg", "annotations/training/x.png", "images/validation/y.jpg",
                            "annotations/validation/y.png"},
                           "images/training",
                           {"images/training/x.jpg annotations/training/x.png"}},
                    Layout{"Deep",
                           {"images/a/1.2.jpg", "images/b/1.2.jpg", "masks/a/1.2.png", "masks/b/1.2.png"},
                           ".",
                           {"images/a/1.2.jpg masks/a/1.2.png", "images/b/1.2.jpg masks/b/1.2.png"}},
                    Layout{"AFolderInImages",
                           {"images/a/1.jpg", "images/b/1.jpg", "masks/a/1.png", "masks/b/1.png"},
                           "images/b",
                           {"images/b/1.jpg masks/b/1.png"}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Pairs, WhatStandsAloneIsNamedOrCounted) {
  TempFolder folder;
  write(folder,
        {"images/1.jpg", "images/2.jpg", "masks/1.png", "masks/3.png", "masks/4.png", "masks/notes.txt"});
  const auto source = openSource(folder.path().string(), kPairs);
  EXPECT_EQ(pairsOf(*source), (List{"images/1.jpg masks/1.png"}));
  ASSERT_EQ(source->problems().size(), 1u);
  EXPECT_EQ(source->problems()[0].path, (folder / "images/2.jpg").string());
  EXPECT_EQ(source->problems()[0].reason, "has no label map masks/2.png");
  EXPECT_EQ(source->omissions().text(),
            "1 file that is not read here (.txt 1), 2 label maps without a picture");
}

TEST(Pairs, TwoPartsOfADataSetAreSaid) {
  TempFolder folder;
  write(folder, {"images/training/1.jpg", "images/validation/2.jpg", "annotations/training/1.png",
                 "annotations/validation/2.png"});
  const std::string images = (folder / "images").string();
  EXPECT_EQ(
      openSource(folder.path().string(), kPairs)->warnings(),
      (List{images +
            ": its folders are called training, validation, like the parts of one data set; did you mean " +
            images + "/training?"}));
}

struct Refused {
  const char* name;
  List files;
  const char *opened, *reason;
};

class RefusedPairs : public testing::TestWithParam<Refused> {};

TEST_P(RefusedPairs, HaveAReason) {
  TempFolder folder;
  write(folder, GetParam().files);
  const std::string path = folder.path().string() + GetParam().opened;
  std::string reason = GetParam().reason;
  for (size_t at = 0; (at = reason.find("ROOT")) != std::string::npos;)
    reason.replace(at, 4, folder.path().string());
  expectError([&] { openSource(path, kPairs); }, reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedPairs,
    testing::Values(
        Refused{"NoMasks",
                {"images/1.jpg"},
                "",
                "ROOT: expected the folders images and masks, or images and annotations"},
        Refused{"ClassFolders",
                {"ape/1.jpg"},
                "",
                "ROOT: expected the folders images and masks, or images and annotations"},
        Refused{"TheFolderAboveTheParts",
                {"train/images/1.jpg", "train/masks/1.png"},
                "",
                "ROOT: its parts are data sets of their own; did you mean ROOT/train?"},
        Refused{"VocRoot",
                {"JPEGImages/1.jpg", "SegmentationClass/1.png"},
                "",
                "ROOT: expected a list of Pascal VOC; name one of ROOT/ImageSets/Segmentation/*.txt"},
        Refused{"NoEqualNames",
                {"images/1.jpg", "masks/2.png"},
                "",
                "ROOT: no picture in images has a label map in masks; expected equal names, such as 1.jpg "
                "and 1.png"}),
    [](const auto& test) { return std::string(test.param.name); });

struct ClassList {
  const char *name, *text, *reason;
};

class RefusedClasses : public testing::TestWithParam<ClassList> {};

TEST_P(RefusedClasses, HaveAReason) {
  TempFolder folder;
  write(folder, {"images/1.jpg", "masks/1.png"});
  writeFile(folder / "classes.txt", std::string(GetParam().text));
  expectError([&] { openSource(folder.path().string(), kPairs); },
              (folder / "classes.txt").string() + GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, RefusedClasses,
    testing::Values(ClassList{"Empty", "\n \n", ": names no class, expected one per line"},
                    ClassList{"AnEmptyLine", "road\n\nsky\n",
                              ":2: expected the name of class 1, got an empty line"},
                    ClassList{"Twice", "road\nsky\nroad\n", ":3: 'road' is there twice"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Pairs, MoreClassesThanLabelsAreRefused) {
  TempFolder folder;
  write(folder, {"images/1.jpg", "masks/1.png"});
  std::string names;
  for (int i = 0; i < 256; ++i) names += std::to_string(i) + "\n";
  writeFile(folder / "classes.txt", names);
  expectError([&] { openSource(folder.path().string(), kPairs); },
              (folder / "classes.txt").string() +
                  ": expected at most 255 classes, got 256; 255 is the label of ignored pixels");
}

TEST(Pairs, ClassesMayBeNeeded) {
  TempFolder folder;
  write(folder, {"data/images/1.jpg", "data/masks/1.png"});
  const std::string root = (folder / "data").string();
  EXPECT_EQ(openSource(root, kPairs)->labels(), List{});
  expectError([&] { openSource(root, kNeeded); },
              root +
                  ": has no classes.txt, and classes are needed; expected it there or in the folder above, "
                  "with a name per line in the order of the labels");
  expectError(
      [&] {
        openSource(root, {3, Classes::kShown, {}, true});
      },
      root + ": data.imagesPerClass expects one class per picture, got label maps");
}

struct Rows {
  const char *name, *text;
  List pairs;
};

class PairTable : public testing::TestWithParam<Rows> {};

TEST_P(PairTable, IsRead) {
  TempFolder folder;
  write(folder, {"1.jpg", "2.jpg", "1.png", "2.png"});
  writeFile(folder / "l.csv", std::string(GetParam().text));
  writeFile(folder / "classes.txt", std::string("a\nb\n"));
  const auto source = openSource((folder / "l.csv").string(), kNeeded);
  EXPECT_EQ(pairsOf(*source), GetParam().pairs);
  EXPECT_EQ(source->labels(), (List{"a", "b"}));
}

INSTANTIATE_TEST_SUITE_P(
    Lists, PairTable,
    testing::Values(Rows{"Header", "image,mask\n1.jpg,1.png\n2.jpg,2.png\n", {"1.jpg 1.png", "2.jpg 2.png"}},
                    Rows{"NoHeader", "2.jpg,2.png\n1.jpg,1.png\n", {"2.jpg 2.png", "1.jpg 1.png"}},
                    Rows{"OtherOrderByHeader", "mask;image\n1.png;1.jpg\n", {"1.jpg 1.png"}},
                    Rows{"MoreColumns", "split\tpath\tannotation\nval\t1.jpg\t1.png\n", {"1.jpg 1.png"}},
                    Rows{"UnknownHeader", "x,y\n1.jpg,1.png\n", {"1.jpg 1.png"}}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Pairs, TablesWithoutPairsAreRefused) {
  TempFolder folder;
  for (const char* text : {"path,label\n1.jpg,ape\n", "1.jpg\n2.jpg\n", "1.jpg 7\n2.jpg 8\n"}) {
    writeFile(folder / "l.csv", std::string(text));
    expectError([&] { openSource((folder / "l.csv").string(), kPairs); },
                (folder / "l.csv").string() +
                    ": expected two columns, pictures and their label maps; such as image,mask");
  }
}

TEST(Pairs, JsonIsRefused) {
  TempFolder folder;
  const std::string list = (folder / "l.json").string();
  writeFile(list, std::string("{\"images\": []}"));
  expectError([&] { openSource(list, kPairs); },
              list + ": label maps are not read from JSON; expected a table such as image,mask");
}

TEST(Pairs, PascalVocByItsLists) {
  TempFolder folder;
  write(folder, {"JPEGImages/2007_1.jpg", "JPEGImages/2007_2.jpg", "SegmentationClass/2007_1.png",
                 "SegmentationClass/2007_2.png"});
  const std::string list = (folder / "ImageSets/Segmentation/train.txt").string();
  writeFile(list, std::string("2007_2\n2007_1\n"));
  const auto source = openSource(list, kNeeded);
  EXPECT_EQ(pairsOf(*source), (List{"JPEGImages/2007_2.jpg SegmentationClass/2007_2.png",
                                    "JPEGImages/2007_1.jpg SegmentationClass/2007_1.png"}));
  ASSERT_EQ(source->labels().size(), 21u);
  EXPECT_EQ(source->labels()[0], "background");
  EXPECT_EQ(source->labels()[15], "person");
  writeFile(list, std::string("2007_1 1\n"));
  expectError([&] { openSource(list, kNeeded); },
              list + ":1: expected a name such as 2007_000032, got '2007_1 1'");
}

/// Pairs of real files in a folder, and the same in an archive.
struct RealPairs {
  RealPairs() {
    for (int i = 0; i < 4; ++i) {
      const std::string number = std::to_string(i);
      files.emplace_back(number + ".jpg", text(test::encoded(test::picture(kSize, i), ".jpg")));
      files.emplace_back(number + ".png", text(map(3 + i)));
      writeFile(folder / ("images/" + number + ".jpg"), files[files.size() - 2].second);
      writeFile(folder / ("masks/" + number + ".png"), files.back().second);
    }
    writeFile(folder / "classes.txt", std::string("a\nb\nc\nd\ne\nf\n"));
    writeFile(folder / "x.tar", test::tarOf(files));
  }
  TempFolder folder;
  std::vector<test::NamedBytes> files;
};

TEST(Pairs, AnArchiveHoldsTheSame) {
  const RealPairs pairs;
  const auto files = openSource(pairs.folder.path().string(), kNeeded),
             tar = openSource((pairs.folder / "x.tar").string(), kNeeded);
  EXPECT_EQ(pairsOf(*tar), pairsOf(*files));
  EXPECT_EQ(tar->labels(), files->labels());
  EXPECT_EQ(tar->maskPlace(0),
            tar->path(0) + ":" +
                std::to_string(tar->offset(0) + 512 +
                               512 * ((static_cast<int64_t>(pairs.files[0].second.size()) + 511) / 512)));
  EXPECT_TRUE(tar->warnings().empty());
}

TEST(Pairs, AnArchiveNamesWhatHasNoMap) {
  TempFolder folder;
  writeFile(folder / "x.tar", test::tarOf({{"1.jpg", "p1"},
                                           {"1.png", "m1"},
                                           {"2.jpg", "p2"},
                                           {"3.mask.png", "m3"},
                                           {"3.png", "p3"},
                                           {"4.png", "m4"},
                                           {"4.webp", "p4"},
                                           {"5.seg.png", "m5"},
                                           {"5.webp", "p5"}}));
  const auto source = openSource((folder / "x.tar").string(), kPairs);
  EXPECT_EQ(pairsOf(*source), (List{"p1 m1", "p3 m3", "p4 m4", "p5 m5"}));
  ASSERT_EQ(source->problems().size(), 1u);
  EXPECT_EQ(source->problems()[0].reason, "'2.jpg' has no label map");
  writeFile(folder / "y.tar", test::tarOf({{"1.jpg", "p1"}, {"2.jpg", "p2"}}));
  expectError([&] { openSource((folder / "y.tar").string(), kPairs); },
              (folder / "y.tar").string() +
                  ": no picture has a label map; expected 1.jpg and 1.png beside each other, or 1.png and "
                  "1.mask.png: tar --sort=name");
}

TEST(Pairs, FingerprintsIncludeTheMaps) {
  for (const char* name : {"", "x.tar"}) {
    RealPairs pairs;
    const auto open = [&] { return openSource((pairs.folder / name).string(), kPairs); };
    const std::string before = open()->fingerprint();
    EXPECT_EQ(open()->fingerprint(), before);
    pairs.files[1].second = text(map(200));
    writeFile(pairs.folder / "masks/0.png", pairs.files[1].second);
    writeFile(pairs.folder / "x.tar", test::tarOf(pairs.files));
    EXPECT_NE(open()->fingerprint(), before) << name;
  }
}

TEST(Pairs, WithoutMapsThereIsNone) {
  TempFolder folder;
  write(folder, {"ape/1.jpg"});
  const auto source = openSource(folder.path().string());
  Bytes bytes;
  EXPECT_FALSE(source->hasMasks());
  EXPECT_EQ(source->maskPlace(0), "");
  expectError([&] { source->readMask(0, bytes); }, source->path(0) + ": has no label map");
}

struct BadPair {
  const char* name;
  Bytes mask;
  const char* reason;
};

class BadPairs : public testing::TestWithParam<BadPair> {};

TEST_P(BadPairs, AreNamedByTheirMap) {
  TempFolder folder;
  writeFile(folder / "images/1.png", picture());
  writeFile(folder / "masks/1.png", GetParam().mask);
  const auto source = openSource(folder.path().string(), kPairs);
  LabelMapDecoder decoder;
  Bytes bytes;
  source->readMask(0, bytes);
  expectError(
      [&] {
        labelsOf(*source, 0, bytes, kSize, {11, false}, decoder);
      },
      (folder / "masks/1.png").string() + ": " + GetParam().reason);
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadPairs,
    testing::Values(BadPair{"OtherSize", map(3, {10, 8}), "expected 12 x 8 as its picture, got 10 x 8"},
                    BadPair{"AboveTheClasses", map(18), "label 11, expected 0 to 10 or 255"},
                    BadPair{"Colours", picture(), "expected one channel, grey or a palette, got RGB"},
                    BadPair{
                        "NoPng", {'x'}, "expected a PNG with a label for every pixel, got unknown format"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(CheckImages, CountsThePixelsOfEveryLabel) {
  RealPairs pairs;
  writeFile(pairs.folder / "masks/3.png", map(3, {3, 3}));
  writeFile(pairs.folder / "masks/1.png", test::pngOf(cv::Mat(kSize, CV_8U, cv::Scalar(kIgnoredLabel))));
  PixelCounts expected = countPixels(test::mapOf(kSize, 3));
  const PixelCounts other = countPixels(test::mapOf(kSize, 5));
  for (size_t value = 0; value < expected.size(); ++value) expected[value] += other[value];
  expected[kIgnoredLabel] += kSize.area();
  for (const int threads : {1, 4}) {
    const ImageCheck check =
        checkImages(*openSource(pairs.folder.path().string(), kPairs), threads, [](int64_t) { return true; });
    EXPECT_EQ(check.pixels, expected);
    EXPECT_EQ(check.nothingToLearn, 1);
    ASSERT_EQ(check.bad.size(), 1u);
    EXPECT_EQ(check.bad[0].path, (pairs.folder / "images/3.jpg").string());
    EXPECT_EQ(check.bad[0].reason,
              (pairs.folder / "masks/3.png").string() + ": expected 12 x 8 as its picture, got 3 x 3");
  }
}

}  // namespace
}  // namespace cv::mixmim
