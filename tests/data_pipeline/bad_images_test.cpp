#include "data_pipeline/bad_images.hpp"

#include <gtest/gtest.h>

#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

BadImage bad(const std::string& path, int64_t epoch = 0, int64_t position = 0) {
  return {path, 0, "broken", epoch, position, "other.jpg"};
}

TEST(BadImages, ListedOnceForTheEarliestPlace) {
  BadImages images(DataConfig{});
  images.add(5, bad("late.jpg", 1, 3));
  images.add(9, bad("b.jpg", 0, 8));
  images.add(5, bad("late.jpg", 0, 9));
  images.add(5, bad("late.jpg", 2, 0));
  const auto list = images.list();
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].path, "b.jpg");
  EXPECT_EQ(list[1].path, "late.jpg");
  EXPECT_EQ(list[1].epoch, 0);
  EXPECT_EQ(list[1].position, 9);
  EXPECT_EQ(list[1].reason, "broken");
  EXPECT_EQ(list[1].substitute, "other.jpg");
}

TEST(BadImages, AreGivenInTheOrderOfFindingToo) {
  BadImages images(DataConfig{});
  images.add(5, bad("first.jpg", 1, 3));
  images.add(9, bad("second.jpg", 0, 8));
  images.add(5, bad("first.jpg", 0, 9));
  ASSERT_EQ(images.listFrom(0).size(), 2u);
  EXPECT_EQ(images.listFrom(0)[0].path, "first.jpg");
  EXPECT_EQ(images.listFrom(0)[0].epoch, 0);
  ASSERT_EQ(images.listFrom(1).size(), 1u);
  EXPECT_EQ(images.listFrom(1)[0].path, "second.jpg");
  EXPECT_TRUE(images.listFrom(2).empty());
}

TEST(BadImages, TooManyFiles) {
  DataConfig config;
  config.maxBadImages = 3;
  BadImages images(config);
  for (int64_t epoch = 0; epoch < 9; ++epoch)
    for (int64_t i = 0; i < 3; ++i) images.add(i, bad(std::to_string(i) + ".jpg", epoch));
  MIXMIM_EXPECT_ERROR(images.add(3, bad("3.jpg")),
                      "data.maxBadImages: expected at most 3 unreadable files, got 4: 0.jpg (broken), 1.jpg "
                      "(broken), 2.jpg (broken) and "
                      "1 more; repair the data set or raise the limit");
}

TEST(BadImages, TooHighARate) {
  DataConfig config;
  config.maxBadRate = 0.1;
  BadImages images(config);
  for (int64_t i = 0; i < 10; ++i) images.add(i, bad("x.jpg"));  // not judged yet
  for (int i = 0; i < 90; ++i) images.addGood();
  MIXMIM_EXPECT_ERROR(
      images.add(0, bad("x.jpg")),
      "data.maxBadRate: expected at most 10 % unreadable images, got 11 of 101: x.jpg (broken), x.jpg "
      "(broken), x.jpg (broken) and 7 more; repair the data set or raise the limit");
}

TEST(BadImages, NoneAllowed) {
  DataConfig config;
  config.maxBadImages = 0;
  BadImages images(config);
  MIXMIM_EXPECT_ERROR(
      images.add(7, bad("x.jpg")),
      "data.maxBadImages: expected at most 0 unreadable files, got 1: x.jpg (broken); repair the data set "
      "or raise the limit");
}

}  // namespace
}  // namespace cv::mixmim
