#include "model_io/files/event_file.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>
#include <chrono>
#include <cmath>

#include "tests/support/event_reader.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/file_size_limit.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim {
namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

TEST(EventFile, RecordsHaveTheBytesOfTensorBoardsOwnWriter) {
  const Scalars values{{"train/loss", 0.75}, {"train/lr", 1.5e-4}};
  const std::vector<uint8_t> png{0x89, 'P', 'N', 'G'};
  const struct {
    const char* name;
    std::string payload;
    const char* record;
  } cases[] = {
      {"version", versionEvent(1.5, 0),
       "1800000000000000a37f4b2209000000000000f83f1a0d627261696e2e4576656e743a322a28646c"},
      {"version of a resumed run", versionEvent(1.5, 301),
       "1b000000000000001a0d9e1309000000000000f83f10ad021a0d627261696e2e4576656e743a32d3087f9d"},
      {"restart", restartEvent(1.5, 301), "100000000000000095fbfe1809000000000000f83f10ad023a020801d17949d4"},
      {"scalars", scalarsEvent(1700000000.25, 300, values),
       "3200000000000000241956ec0900001040fc54d94110ac022a240a110a0a747261696e2f6c6f7373150000403f0a0f0a"
       "08747261696e2f6c721552491d3916382636"},
      {"picture", pictureEvent(2.5, 7, "reconstruction", {1144, 948}, png),
       "2f000000000000006d5d1d5009000000000000044010072a220a200a0e7265636f6e737472756374696f6e220e08b407"
       "10f8081803220489504e4780747965"},
  };
  for (const auto& c : cases) EXPECT_EQ(hex(tfRecord(c.payload)), c.record) << c.name;
}

/// The check value of CRC-32C, 0xe3069283 for "123456789", masked.
TEST(EventFile, ChecksumIsCastagnolis) {
  const std::string record = tfRecord("123456789");
  const uint32_t crc = 0xe3069283, masked = (crc >> 15 | crc << 17) + 0xa282ead8u;
  EXPECT_EQ(test::littleEndian(record, record.size() - 4, 4), masked);
}

TEST(EventFile, CanBeReadBack) {
  const test::TempFolder folder;
  const std::vector<uint8_t> png(1000, 'x');
  EventFile file(folder.path().string(), 0);
  file.scalars(1, {{"train/loss", 0.5}, {"val/top1", 0.25}});
  file.picture(2, "reconstruction", {640, 480}, png);
  file.scalars(3, {{"train/loss", std::nan("")}});

  const std::vector<test::Event> events = test::eventsIn(file.path());
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_EQ(events[1].step, 1);
  EXPECT_EQ(events[1].scalars, (std::map<std::string, float>{{"train/loss", 0.5f}, {"val/top1", 0.25f}}));
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  EXPECT_NEAR(events[1].wallTime, now, 60);
  EXPECT_EQ(events[2].step, 2);
  EXPECT_EQ(events[2].pictures.at("reconstruction"), std::string(1000, 'x'));
  EXPECT_EQ(events[2].width, 640);
  EXPECT_EQ(events[2].height, 480);
  EXPECT_TRUE(std::isnan(events[3].scalars.at("train/loss")));
}

TEST(EventFile, AResumedRunTakesBackWhatItRepeats) {
  const test::TempFolder folder;
  const auto write = [&](int64_t first, int64_t last, float value) {
    EventFile file(folder.path().string(), first);
    for (int64_t step = std::max<int64_t>(1, first); step <= last; ++step) file.scalars(step, {{"x", value}});
  };
  write(0, 5, 1);
  write(4, 6, 2);  // the checkpoint was of step 3
  EXPECT_EQ(test::curveOf(folder.path(), "x"),
            (std::map<int64_t, float>{{1, 1}, {2, 1}, {3, 1}, {4, 2}, {5, 2}, {6, 2}}));
}

TEST(EventFile, NamesSortInTheOrderOfWriting) {
  const test::TempFolder folder;
  test::writeFile(folder / "events.out.tfevents.4102444800.elsewhere", std::string());  // from the year 2100
  test::writeFile(folder / "events.out.tfevents.99999999999999999999.odd", std::string());
  test::writeFile(folder / "events.out.tfevents.", std::string());
  std::string last = "events.out.tfevents.4102444800.elsewhere";
  for (int i = 0; i < 3; ++i) {
    const std::string name = std::filesystem::path(EventFile(folder.path().string(), 0).path()).filename();
    EXPECT_GT(name, last);
    last = name;
  }
}

TEST(EventFile, WhatDoesNotFitIsLeftOutWhole) {
  const test::TempFolder folder;
  EventFile file(folder.path().string(), 0);
  {
    const test::FileSizeLimit limit(50);
    MIXMIM_EXPECT_ERROR(file.scalars(1, {{"a", 1}}),
                        (file.path() + ": cannot be written: File too large").c_str());
  }
  file.scalars(2, {{"a", 2}});
  const std::vector<test::Event> events = test::eventsIn(file.path());
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].version, "brain.Event:2");
  EXPECT_EQ(events[1].step, 2);
}

}  // namespace
}  // namespace cv::mixmim
