#include "model_io/files/atomic_file.hpp"

#include <iterator>

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/file_size_limit.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

namespace fs = std::filesystem;

using test::contentOf;
using test::FileSizeLimit;

size_t filesIn(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, AppearsAtCommit) {
  const test::TempFolder folder;
  const fs::path path = folder / "a.txt";
  AtomicFile file(path.string());
  file.write("one ");
  file.write("two");
  EXPECT_EQ(file.size(), 7);
  EXPECT_FALSE(fs::exists(path));
  file.commit();
  EXPECT_EQ(contentOf(path), "one two");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(AtomicFile, WithoutCommitNothingChanges) {
  const test::TempFolder folder;
  const fs::path path = folder / "a.txt";
  test::writeFile(path, std::string("old"));
  {
    AtomicFile file(path.string());
    file.write("new");
  }
  EXPECT_EQ(contentOf(path), "old");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(AtomicFile, TwoWritersOfOneNameDoNotMeet) {
  const test::TempFolder folder;
  const std::string path = (folder / "a.txt").string();
  AtomicFile first(path), second(path);
  first.write("first");
  second.write("second");
  second.commit();
  EXPECT_EQ(contentOf(path), "second");
  first.commit();
  EXPECT_EQ(contentOf(path), "first");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(AtomicFile, ALeftOverOfAKilledWriterIsNoObstacle) {
  const test::TempFolder folder;
  test::writeFile(folder / ".a.txt.0.tmp", std::string("half of something"));
  AtomicFile file((folder / "a.txt").string());
  file.write("whole");
  file.commit();
  EXPECT_EQ(contentOf(folder / "a.txt"), "whole");
}

TEST(AtomicFile, AFullDiskKeepsTheOldFile) {
  const test::TempFolder folder;
  const std::string path = (folder / "a.txt").string();
  test::writeFile(path, std::string("old"));
  {
    const FileSizeLimit limit(1000);
    MIXMIM_EXPECT_ERROR(
        [&] {
          AtomicFile file(path);
          const std::string bytes(700, 'x');
          file.write(bytes);
          file.write(bytes);
          file.commit();
        }(),
        (path + ": cannot be written: File too large").c_str());
  }
  EXPECT_EQ(contentOf(path), "old");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(AtomicFile, SaysWhyItCannotBegin) {
  const test::TempFolder folder;
  MIXMIM_EXPECT_ERROR(
      AtomicFile((folder / "no/a.txt").string()),
      ((folder / "no/a.txt").string() + ": cannot be created: No such file or directory").c_str());
  MIXMIM_EXPECT_ERROR(
      AtomicFile(folder.path().string()),
      (folder.path().string() + ": cannot be written, expected a regular file or a free name").c_str());
  MIXMIM_EXPECT_ERROR(AtomicFile("/dev/null"),
                      "/dev/null: cannot be written, expected a regular file or a free name");
}

}  // namespace
}  // namespace cv::mixmim
