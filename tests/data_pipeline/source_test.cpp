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
  const List expected{"Zoo/x.webp 0",       "ape/a.jpg 1",       "ape/b.PNG 1",    "ape/a-b/d.bmp 1",
                      "ape/deep.d/e.pgm 1", "ape/deep/c.jpeg 1", "ape-2/y.tiff 2", "zebra/1.jpg 3"};
  TempFolder folder, reversed;
  write(folder, files);
  write(reversed, List(files.rbegin(), files.rend()));  // another order of creation, another order of readdir
  const auto source = openSource(folder.path().string());
  EXPECT_EQ(source->labels(), (List{"Zoo", "ape", "ape-2", "zebra"}));
  EXPECT_EQ(listing(*source, folder), expected);

  const auto other = openSource(reversed.path().string() + "/");
  EXPECT_EQ(listing(*other, reversed), expected);
  EXPECT_EQ(other->fingerprint(), source->fingerprint());
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
  EXPECT_EQ(listing(*openSource(folder.path().string(), 2), folder),
            (List{"a/1.jpg 0", "a/2.jpg 0", "b/1.jpg 1", "c/1.jpg 2", "c/2.jpg 2"}));
}

TEST(Source, LinksAreFollowedAndCirclesEnteredOnce) {
  TempFolder folder, elsewhere;
  write(elsewhere, {"kitten/far.jpg"});
  write(folder, {"cat/near.jpg"});
  fs::create_directory_symlink(elsewhere / "kitten", folder / "cat/linked");
  fs::create_directory_symlink(folder / "cat", folder / "cat/circle");
  EXPECT_EQ(openSource(folder.path().string())->size(), 2);
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
  MIXMIM_EXPECT_ERROR(openSource(root + "/none"), (root + "/none: no such folder; check the path").c_str());
  MIXMIM_EXPECT_ERROR(
      openSource(root),
      (root + ": holds no image, expected class folders or files like .jpg and .png").c_str());
  write(folder, {"a/1.jpg", "b/notes.txt"});
  MIXMIM_EXPECT_ERROR(openSource(root),
                      (root + "/b: class without images; remove the folder or put images into it").c_str());
  MIXMIM_EXPECT_ERROR(openSource(root + "/a/1.jpg"),
                      (root + "/a/1.jpg: expected a folder of images or a .tar, got a file").c_str());
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
