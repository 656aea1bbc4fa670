#include "evaluation/answers.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace cv::mixmim {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN(), kInf = std::numeric_limits<float>::infinity();

struct Case {
  const char* name;
  std::vector<float> scores;
  int label, place, answer;
};

TEST(Answers, OnlyTheOneLargestScoreIsRight) {
  const Case cases[] = {
      {"right", {0, 3, 1}, 1, 0, 1},
      {"second", {0, 3, 1}, 2, 1, 1},
      {"last", {0, 3, 1}, 0, 2, 1},
      {"one class", {4}, 0, 0, 0},
      {"infinitely large", {0, kInf, 1}, 1, 0, 1},
      {"all others infinitely small", {-kInf, -1e30f, -kInf}, 1, 0, 1},
      {"shares the first place with a later class", {3, 3, 1}, 0, 1, 1},
      {"shares the first place with an earlier class", {3, 3, 1}, 1, 1, 0},
      {"all equal", {2, 2, 2}, 0, 2, 1},
      {"two others share the first place", {3, 1, 3}, 1, 2, 0},
      {"two infinities", {kInf, 0, kInf}, 0, 1, 2},
      {"its own score is no number", {kNan, 0, 1}, 0, 2, 2},
      {"another score is no number", {kNan, 3, 1}, 1, 1, 2},
      {"the first of the others is no number", {kNan, 1, 3}, 1, 2, 2},
      {"nothing is a number", {kNan, kNan, kNan}, 2, 2, 0},
      {"nothing is a number, first class", {kNan, kNan, kNan}, 0, 2, 1},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const int classes = static_cast<int>(c.scores.size());
    EXPECT_EQ(placeOf(c.scores.data(), classes, c.label), c.place);
    EXPECT_EQ(answerOf(c.scores.data(), classes, c.label), c.answer);
    EXPECT_EQ(c.answer == c.label, c.place == 0);
  }
}

TEST(Answers, WithoutALabelTheLargestScoreIsTheAnswer) {
  const std::pair<std::vector<float>, int> cases[] = {
      {{0, 3, 1}, 1}, {{3, 3, 1}, 0}, {{kNan, 3, 1}, 1}, {{1, kNan, 3}, 2}, {{kNan, kNan, kNan}, 0}};
  for (const auto& [scores, answer] : cases) EXPECT_EQ(answerOf(scores.data(), 3), answer);
}

TEST(Answers, AlikeAreTwoClearOnes) {
  struct Pair {
    const char* name;
    std::vector<float> one, other;
    bool alike;
  };
  const Pair pairs[] = {
      {"same first", {0, 3, 1}, {2, 9, -1}, true},
      {"other first", {0, 3, 1}, {0, 1, 3}, false},
      {"a tie in one", {0, 3, 1}, {3, 3, 1}, false},
      {"the same tie in both", {3, 3, 1}, {3, 3, 1}, false},
      {"no number in one", {0, 3, 1}, {kNan, 3, 1}, false},
      {"no number at all", {kNan, kNan, kNan}, {kNan, kNan, kNan}, false},
  };
  for (const Pair& pair : pairs) {
    SCOPED_TRACE(pair.name);
    EXPECT_EQ(answerAlike(pair.one.data(), pair.other.data(), 3), pair.alike);
    EXPECT_EQ(answerAlike(pair.other.data(), pair.one.data(), 3), pair.alike);
  }
}

}  // namespace
}  // namespace cv::mixmim
