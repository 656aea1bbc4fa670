#include "data_pipeline/source.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

namespace fs = std::filesystem;
using test::TempFolder;
using test::writeFile;

/// Paths below `folder`, in the order of the source, with their labels.
std::vector<std::string> listing(const Source& source, const TempFolder& folder) {
  std::vector<std::string> list;
  for (int64_t i = 0; i < source.size(); ++i)
    list.push_back(fs::relative(source.path(i), folder.path()).string() + " " +
                   std::to_string(source.label(i)));
  return list;
}

using List = std::vector<std::string>;

void write(const TempFolder& folder, const List& files) {
  for (const std::string& file : files) writeFile(folder / file, file);
}

TEST(Source, ClassesAreSortedFoldersWalkedInOrder) {
  const List files{"zebra/1.jpg",     "ape/b.PNG",    "ape/a.jpg",     "ape/notes.txt",    "Zoo/x.webp",
                   "ape/deep/c.jpeg", "ape-2/y.tiff", "ape/a-b/d.bmp", "ape/deep.d/e.pgm", "top.jpg"};
  const List expected{"top.jpg -1",        "Zoo/x.webp 0",    "ape/a.jpg 1",
                      "ape/b.PNG 1",       "ape/a-b/d.bmp 1", "ape/deep.d/e.pgm 1",
                      "ape/deep/c.jpeg 1", "ape-2/y.tiff 2",  "zebra/1.jpg 3"};
  TempFolder folder, reversed;
  write(folder, files);
  write(reversed, List(files.rbegin(), files.rend()));  // another order of creation, another order of readdir
  const auto source = openSource(folder.path().string());
  EXPECT_EQ(source->labels(), (List{"Zoo", "ape", "ape-2", "zebra"}));
  EXPECT_EQ(listing(*source, folder), expected);

  const auto other = openSource(reversed.path().string() + "/");
  EXPECT_EQ(listing(*other, reversed), expected);
  EXPECT_EQ(other->fingerprint(), source->fingerprint());
  EXPECT_EQ(source->omissions().text(), "1 file that is not read here (.txt 1)");
}

TEST(Source, WhereClassesAreNeededLoosePicturesArePassedOver) {
  TempFolder folder;
  write(folder, {"top.jpg", "2.png", "ape/a.jpg", "zoo/deep/b.jpg"});
  const auto source = openSource(folder.path().string(), {0, Classes::kNeeded, {}});
  EXPECT_EQ(listing(*source, folder), (List{"ape/a.jpg 0", "zoo/deep/b.jpg 1"}));
  EXPECT_EQ(source->omissions().text(), "2 pictures beside the class folders");
}

struct Passed {
  const char *file, *text;
};

class PassedNames : public testing::TestWithParam<Passed> {};

TEST_P(PassedNames, AreCountedAtEveryDepth) {
  for (const std::string place : {"", "a/", "a/deep/"}) {
    TempFolder folder;
    write(folder, {"a/1.jpg", place + GetParam().file});
    for (const Classes use : {Classes::kUnused, Classes::kShown, Classes::kNeeded}) {
      const auto source = openSource(folder.path().string(), {0, use, {}});
      EXPECT_EQ(listing(*source, folder), (List{"a/1.jpg 0"})) << place;
      EXPECT_EQ(source->omissions().text(), GetParam().text) << place;
      EXPECT_EQ(source->warnings(), List{}) << place;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Table, PassedNames,
    testing::Values(Passed{"._1.jpg", "1 hidden file or folder"},
                    Passed{".DS_Store", "1 hidden file or folder"},
                    Passed{".ipynb_checkpoints/1.jpg", "1 hidden file or folder"},
                    Passed{"__MACOSX/b/1.jpg", "1 file or folder of the operating system (__MACOSX 1)"},
                    Passed{"@eaDir/1.jpg/thumb.jpg", "1 file or folder of the operating system (@eaDir 1)"},
                    Passed{"lost+found/1.jpg", "1 file or folder of the operating system (lost+found 1)"},
                    Passed{"$RECYCLE.BIN/1.jpg", "1 file or folder of the operating system ($RECYCLE.BIN 1)"},
                    Passed{"System Volume Information/1.jpg",
                           "1 file or folder of the operating system (System Volume Information 1)"},
                    Passed{"thumbs.DB", "1 file or folder of the operating system (thumbs.DB 1)"},
                    Passed{"1.HEIC",
                           "1 file that is not read here (.heic 1; convert pictures to JPEG or PNG)"},
                    Passed{"1.jpg:Zone.Identifier", "1 file that is not read here (.identifier 1)"},
                    Passed{"README", "1 file that is not read here (without ending 1)"}));

TEST(Source, EmptyFoldersThatSystemsLeaveAreNoClasses) {
  TempFolder folder;
  write(folder, {"a/1.jpg"});
  for (const char* name : {".ipynb_checkpoints", "lost+found", "@eaDir"}) fs::create_directory(folder / name);
  EXPECT_EQ(openSource(folder.path().string(), {0, Classes::kNeeded, {}})->labels(), (List{"a"}));
}

TEST(Source, ClassFoldersThatCanHardlyBeMeant) {
  struct Case {
    List files, warnings;
  };
  const Case cases[] = {
      {{"train/a/1.jpg", "train/b/1.jpg", "val/a/1.jpg"},
       {"d: its classes are called train, val, like the parts of one data set; did you mean d/train?"}},
      {{"Test/1.jpg", "Validation/1.jpg", "notes/1.jpg"},
       {"d: its classes are called Test, Validation, notes, like the parts of one data set; did you mean "
        "d/Test?"}},
      {{"photos/a/1.jpg", "photos/b/1.jpg"},
       {"d: all its classes would be one, 'photos', which holds 2 folders; did you mean d/photos?"}},
      {{"train/1.jpg", "bus/1.jpg"}, {}},
      {{"one/1.jpg", "one/deep/1.jpg"}, {}},
  };
  for (const Case& c : cases) {
    TempFolder folder;
    write(folder, c.files);
    List warnings = openSource(folder.path().string(), {0, Classes::kNeeded, {}})->warnings();
    for (std::string& warning : warnings)
      for (size_t at; (at = warning.find(folder.path().string())) != std::string::npos;)
        warning.replace(at, folder.path().string().size(), "d");
    EXPECT_EQ(warnings, c.warnings) << c.files[0];
  }
}

TEST(Source, NamesThatAreNotUtf8AreRefused) {
  const List names{"K\xe4se/1.jpg", "a/\xff.jpg", "a/\xc0\xaf.jpg", "a/\xed\xa0\x80/1.jpg"};
  const List shown{"K\\xE4se", "\\xFF.jpg", "\\xC0\\xAF.jpg", "\\xED\\xA0\\x80"};
  for (size_t i = 0; i < names.size(); ++i) {
    TempFolder folder;
    write(folder, {"a/1.jpg", names[i]});
    const std::string where = folder.path().string() + (names[i][0] == 'K' ? "" : "/a/");
    MIXMIM_EXPECT_ERROR(openSource(folder.path().string()),
                        (where + ": the name '" + shown[i] +
                         "' is not UTF-8; rename it, because checkpoints and reports could not name it")
                            .c_str());
  }
  TempFolder folder;
  write(folder, {"K\xc3\xa4se/\xf0\x9f\xa7\x80.jpg"});
  EXPECT_EQ(openSource(folder.path().string())->labels(), (List{"K\xc3\xa4se"}));
}

TEST(Source, FlatFoldersHaveNoLabels) {
  TempFolder folder;
  write(folder, {"b.jpg", "a.png", "readme.md"});
  const auto source = openSource(folder.path().string());
  EXPECT_EQ(listing(*source, folder), (List{"a.png -1", "b.jpg -1"}));
  EXPECT_TRUE(source->labels().empty());
}

TEST(Source, FirstImagesOfEveryClass) {
  TempFolder folder;
  write(folder, {"a/1.jpg", "a/2.jpg", "a/3.jpg", "b/1.jpg", "c/1.jpg", "c/2.jpg", "c/3.jpg"});
  EXPECT_EQ(listing(*openSource(folder.path().string(), {2, Classes::kShown, {}}), folder),
            (List{"a/1.jpg 0", "a/2.jpg 0", "b/1.jpg 1", "c/1.jpg 2", "c/2.jpg 2"}));
}

TEST(Source, LinksAreFollowedAndCirclesEnteredOnce) {
  TempFolder folder, elsewhere;
  write(elsewhere, {"kitten/far.jpg"});
  write(folder, {"cat/near.jpg"});
  fs::create_directory_symlink(elsewhere / "kitten", folder / "cat/linked");
  fs::create_directory_symlink(folder / "cat", folder / "cat/circle");
  fs::create_directory_symlink(folder.path(), folder / "cat/up");
  const auto source = openSource(folder.path().string());
  EXPECT_EQ(source->size(), 2);
  EXPECT_EQ(source->omissions().text(), "2 links (to a folder above 2)");
}

TEST(Source, FoldersNamedLikeImagesAreFolders) {
  TempFolder folder;
  write(folder, {"cat/odd.jpg/inside.jpg", "cat/a.jpg"});
  EXPECT_EQ(listing(*openSource(folder.path().string()), folder),
            (List{"cat/a.jpg 0", "cat/odd.jpg/inside.jpg 0"}));
}

TEST(Source, ReadsWholeFiles) {
  TempFolder folder;
  const std::string content(100000, 'x');
  writeFile(folder / "a.jpg", content);
  writeFile(folder / "b.jpg", std::string());
  const auto source = openSource(folder.path().string());
  std::vector<uint8_t> bytes;
  source->read(0, bytes);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), content);
  source->read(1, bytes);
  EXPECT_TRUE(bytes.empty());
}

TEST(Source, FilesThatCannotBeReadAreNamed) {
  TempFolder folder;
  write(folder, {"gone.jpg"});
  fs::create_symlink("nowhere", folder / "link.jpg");
  ASSERT_EQ(::mkfifo((folder / "pipe.jpg").c_str(), 0600), 0);
  const auto source = openSource(folder.path().string());
  ASSERT_EQ(source->size(), 3);
  fs::remove(folder / "gone.jpg");
  const std::string root = folder.path().string();
  std::vector<uint8_t> bytes;
  MIXMIM_EXPECT_ERROR(source->read(0, bytes),
                      (root + "/gone.jpg: cannot be read (No such file or directory)").c_str());
  MIXMIM_EXPECT_ERROR(source->read(1, bytes),
                      (root + "/link.jpg: cannot be read (No such file or directory)").c_str());
  MIXMIM_EXPECT_ERROR(source->read(2, bytes), (root + "/pipe.jpg: expected a regular file").c_str());
}

TEST(Source, FingerprintKnowsPathsSizesAndLabels) {
  TempFolder folder;
  write(folder, {"a/1.jpg", "b/2.jpg"});
  const std::string root = folder.path().string(), before = openSource(root)->fingerprint();
  EXPECT_EQ(openSource(root)->fingerprint(), before);
  EXPECT_NE(openSource(root + "/a")->fingerprint(), openSource(root + "/b")->fingerprint());
  writeFile(folder / "a/1.jpg", std::string("one byte more"));
  EXPECT_NE(openSource(root)->fingerprint(), before);
  writeFile(folder / "a/1.jpg", std::string("a/1.jpg"));
  EXPECT_EQ(openSource(root)->fingerprint(), before);
  write(folder, {"A/0.jpg"});  // shifts every label
  EXPECT_NE(openSource(root)->fingerprint(), before);
}

TEST(Source, RefusesWhatIsNoDataSet) {
  TempFolder folder;
  const std::string root = folder.path().string();
  MIXMIM_EXPECT_ERROR(openSource(root + "/none"),
                      (root + "/none: no such folder or file; check the path").c_str());
  MIXMIM_EXPECT_ERROR(
      openSource(root),
      (root + ": holds no image, expected class folders or files like .jpg and .png").c_str());
  write(folder, {"b/1.heic"});
  MIXMIM_EXPECT_ERROR(openSource(root),
                      (root + ": no image of a kind that is read here, it holds 1 file that is "
                              "not read here (.heic 1; convert pictures to JPEG or PNG); "
                              "expected class folders or files like .jpg and .png")
                          .c_str());
  write(folder, {"a/1.jpg"});
  const SourceOptions labelled{0, Classes::kNeeded, {}};
  MIXMIM_EXPECT_ERROR(
      openSource(root, labelled),
      (root + "/b: class without images, it holds 1 file that is not read here (.heic 1; convert "
              "pictures to JPEG or PNG); remove the folder or put images into it")
          .c_str());
  EXPECT_EQ(openSource(root)->labels(), (List{"a"}));
  EXPECT_EQ(openSource(root)->warnings(),
            (List{root + "/b: class without images, it holds 1 file that is not read here (.heic 1; convert "
                         "pictures to JPEG or PNG)"}));
  MIXMIM_EXPECT_ERROR(
      openSource(root + "/a", labelled),
      (root + "/a: has no class folders, and classes are needed; expected one folder per class").c_str());
  MIXMIM_EXPECT_ERROR(openSource(root + "/a/1.jpg"),
                      (root + "/a/1.jpg: the pictures it lists are not there, '" + root +
                       "/a/a/1.jpg' for example; --root DIR says where its paths begin")
                          .c_str());
}

TEST(Source, RefusesFoldersItMayNotRead) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  TempFolder folder;
  write(folder, {"a/1.jpg"});
  fs::permissions(folder / "a", fs::perms::none);
  MIXMIM_EXPECT_ERROR(openSource(folder.path().string()),
                      (folder.path().string() + "/a/: cannot be read (Permission denied)").c_str());
  fs::permissions(folder / "a", fs::perms::owner_all);
}

}  // namespace
}  // namespace cv::mixmim
