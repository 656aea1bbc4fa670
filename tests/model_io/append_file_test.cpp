#include "model_io/files/append_file.hpp"

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"
#include "tests/support/file_size_limit.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

using test::contentOf;

TEST(AppendFile, GrowsByPieces) {
  const test::TempFolder folder;
  const std::string path = (folder / "log").string();
  {
    AppendFile file(path);
    file.append("one\n");
    EXPECT_EQ(contentOf(path), "one\n");
    file.append("");
    file.append("two\n");
  }
  AppendFile(path).append("three\n");
  EXPECT_EQ(contentOf(path), "one\ntwo\nthree\n");
}

TEST(AppendFile, WhatDoesNotFitIsLeftOutWhole) {
  const test::TempFolder folder;
  const std::string path = (folder / "log").string();
  AppendFile file(path);
  file.append("first\n");
  {
    const test::FileSizeLimit limit(10);
    MIXMIM_EXPECT_ERROR(file.append("too long a line\n"),
                        (path + ": cannot be written: File too large").c_str());
    EXPECT_EQ(contentOf(path), "first\n");
    file.append("abc\n");
    MIXMIM_EXPECT_ERROR(file.append("d\n"), (path + ": cannot be written: File too large").c_str());
  }
  file.append("last\n");
  EXPECT_EQ(contentOf(path), "first\nabc\nlast\n");
}

TEST(AppendFile, SaysWhyItCannotBeUsed) {
  const test::TempFolder folder;
  MIXMIM_EXPECT_ERROR(
      AppendFile((folder / "no/log").string()),
      ((folder / "no/log").string() + ": cannot be opened: No such file or directory").c_str());
  MIXMIM_EXPECT_ERROR(AppendFile("/dev/full").append("x"),
                      "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace cv::mixmim
