#include "opencv2/mixmim/json.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include <fmt/format.h>

#include "opencv2/mixmim/train/random.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

TEST(Json, DoublesSurviveTheirShortestText) {
  Rng rng(1, 0, 0, Purpose::kShapes);
  for (int i = 0; i < 20000; ++i) {
    const double number = rng.uniform(-1, 1) * std::pow(10, rng.uniform(-12, 12));
    ASSERT_EQ(parseJson(fmt::format("[{}]", number), "test").at(0).as_double(), number);
  }
}

TEST(Json, KeepsWholeNumbersWhole) {
  const boost::json::value list = parseJson("[-7, 18446744073709551615, 1.5e2]", "test");
  EXPECT_EQ(list.at(0).as_int64(), -7);
  EXPECT_EQ(list.at(1).as_uint64(), 18446744073709551615u);
  EXPECT_EQ(list.at(2).as_double(), 150);
}

TEST(Json, SaysWhatCannotBeRead) {
  MIXMIM_EXPECT_ERROR(parseJson("", "state.json"), "state.json: not JSON at byte 0: incomplete JSON");
  MIXMIM_EXPECT_ERROR(parseJson("{\"a\" 1}", "state.json"), "state.json: not JSON at byte 5: syntax error");
  MIXMIM_EXPECT_ERROR(parseJson("{} x", "state.json"), "state.json: not JSON at byte 3: extra data");
  MIXMIM_EXPECT_ERROR(parseJson(std::string(20, '['), "state.json"),
                      "state.json: not JSON at byte 16: too deep");
}

}  // namespace
}  // namespace cv::mixmim
