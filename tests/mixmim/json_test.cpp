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

struct NumberText {
  double number;
  const char* text;
};

TEST(Json, WritesNumbersAsPeopleDo) {
  const NumberText cases[] = {{0.5, "0.5"},
                              {6, "6"},
                              {-1, "-1"},
                              {0, "0"},
                              {-0.0, "-0.0"},
                              {1.0 / 3, "0.3333333333333333"},
                              {1e-5, "0.00001"},
                              {9e-6, "9e-06"},
                              {0.1 + 0.2, "0.30000000000000004"},
                              {123456789, "123456789"},
                              {1e15, "1e+15"},
                              {999999999999999, "999999999999999"},
                              {INFINITY, "null"},
                              {NAN, "null"}};
  for (const NumberText& c : cases) EXPECT_EQ(jsonText(c.number), c.text);
}

TEST(Json, NumbersSurviveTheirText) {
  Rng rng(2, 0, 0, Purpose::kShapes);
  for (int i = 0; i < 20000; ++i) {
    const double number = rng.uniform(-1, 1) * std::pow(10, rng.uniform(-20, 20));
    ASSERT_EQ(parseJson(jsonText(number), "test").to_number<double>(), number);
  }
  EXPECT_TRUE(std::signbit(parseJson(jsonText(-0.0), "test").as_double()));
  EXPECT_EQ(parseJson(jsonText(18446744073709551615u), "test").as_uint64(), 18446744073709551615u);
}

TEST(Json, WritesWholeValues) {
  const boost::json::value value{
      {"a", {1, -2.5, nullptr, true}}, {"b\"\n", "\x01\\/\xC3\xA4"}, {"c", boost::json::object{}}};
  const std::string text = jsonText(value);
  EXPECT_EQ(text, R"({"a":[1,-2.5,null,true],"b\"\n":"\u0001\\/ä","c":{}})");
  EXPECT_EQ(parseJson(text, "test"), value);
}

struct Bytes {
  const char* name;
  std::string text, utf8;
};

TEST(Json, BytesThatAreNoUtf8AreWrittenOut) {
  const Bytes cases[] = {{"ASCII", "plain", "plain"},
                         {"two, three and four bytes", "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80",
                          "\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"},
                         {"Latin-1", "K\xE4se", R"(K\xE4se)"},
                         {"cut off", "\xE2\x82", R"(\xE2\x82)"},
                         {"longer than needed", "\xC0\xAF\xE0\x80\xAF", R"(\xC0\xAF\xE0\x80\xAF)"},
                         {"surrogate", "\xED\xA0\x80", R"(\xED\xA0\x80)"},
                         {"above Unicode", "\xF4\x90\x80\x80", R"(\xF4\x90\x80\x80)"},
                         {"no first byte", "\x80\xFF", R"(\x80\xFF)"}};
  for (const Bytes& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(asUtf8(c.text), c.utf8);
    EXPECT_EQ(isUtf8(c.text), c.text == c.utf8);
    const std::string text = jsonText(boost::json::object{{c.text, c.text}});
    EXPECT_EQ(parseJson(text, "test").at(c.utf8).as_string(), c.utf8);
  }
}

}  // namespace
}  // namespace cv::mixmim
