#include "model_io/files/cache_folder.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace cv::mixmim {
namespace {

TEST(UserCacheFolder, IsTheUsers) {
  struct Case {
    const char *cache, *home, *folder;
  };
  const std::string cacheBefore = getenv("XDG_CACHE_HOME") ? getenv("XDG_CACHE_HOME") : "",
                    homeBefore = getenv("HOME") ? getenv("HOME") : "";
  for (const Case& a : {Case{"/c", "/h", "/c/mixmim"}, {"", "/h", "/h/.cache/mixmim"}, {"", "", ""}}) {
    setenv("XDG_CACHE_HOME", a.cache, 1);
    setenv("HOME", a.home, 1);
    EXPECT_EQ(userCacheFolder(), a.folder);
  }
  setenv("XDG_CACHE_HOME", cacheBefore.c_str(), 1);
  setenv("HOME", homeBefore.c_str(), 1);
}

}  // namespace
}  // namespace cv::mixmim
