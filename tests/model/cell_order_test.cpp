// Note [Cells] of model/token_order.hpp: tokens cell by cell, what sees what, what convolutions read.
#include <algorithm>
#include <utility>

#include <gtest/gtest.h>

#include "model/token_order.hpp"

namespace cv::mixmim {
namespace {

struct Case {
  const char* name;
  Family family;
  const char* mask;
  bool groups = true;
};

/// A mask by name; "whole" is none.
cv::Mat maskOf(const std::string& name, cv::Size cells) {
  if (name == "whole") return {};
  cv::Mat mask = cv::Mat::zeros(cells, CV_8U);
  if (name == "partner") mask.setTo(1);
  if (name == "corner") mask.at<uchar>(0, 0) = 1;
  if (name == "checkers")
    for (int y = 0; y < cells.height; ++y)
      for (int x = 0; x < cells.width; ++x) mask.at<uchar>(y, x) = static_cast<uchar>((x + y) % 2);
  return mask;
}

class Cells : public ::testing::TestWithParam<Case> {
 protected:
  /// Stages of 24 x 32, 12 x 16, 6 x 8 and 3 x 4 tokens.
  Cells() {
    ModelConfig model;
    model.encoder = GetParam().family;
    model.embedDim = model.headDim = 16;
    model.depths = {2, 1, 2, 2};
    plan = planOf(model, {128, 96});
    mask = maskOf(GetParam().mask, plan.cells);
    stages = tokenOrder(plan, mask, GetParam().groups);
    if (!GetParam().groups) mask = cv::Mat();  // then it is as if there were none
  }

  int perCell(size_t s) const { return plan.stages[s].grid.width / plan.cells.width; }
  cv::Point placeOf(size_t s, int64_t token) const {
    const int width = plan.stages[s].grid.width;
    return {static_cast<int>(token) % width, static_cast<int>(token) / width};
  }
  bool partner(cv::Point cell) const { return !mask.empty() && mask.at<uchar>(cell) != 0; }
  bool partner(size_t s, int64_t token) const { return partner(placeOf(s, token) / perCell(s)); }
  int64_t tokenAt(size_t s, size_t position) const { return stages[s].order[position]; }

  Plan plan;
  cv::Mat mask;
  std::vector<StageTokens> stages;
};

TEST_P(Cells, FollowEachOtherTheImagesOwnFirst) {
  for (size_t s = 0; s < stages.size(); ++s) {
    const size_t ofCell = static_cast<size_t>(perCell(s) * perCell(s));
    ASSERT_EQ(stages[s].order.size(), static_cast<size_t>(plan.stages[s].tokens()));
    std::vector<int64_t> partners{0, 0};
    int64_t before = -1;
    for (size_t k = 0; k < stages[s].order.size(); ++k) {
      const cv::Point cell = placeOf(s, tokenAt(s, k)) / perCell(s),
                      first = placeOf(s, tokenAt(s, k - k % ofCell)) / perCell(s);
      ASSERT_EQ(cell, first) << k;
      ++partners[partner(cell)];
      const int64_t rank = (partner(cell) ? plan.cellCount() : 0) + cell.y * plan.cells.width + cell.x;
      if (k % ofCell == 0) {
        ASSERT_GT(rank, std::exchange(before, rank)) << k;
      }
    }
    if (mask.empty()) partners.pop_back();
    EXPECT_EQ(stages[s].runs, partners);
  }
}

TEST_P(Cells, TokensThatBecomeOneAreARunRowByRow) {
  for (size_t s = 0; s + 1 < stages.size(); ++s)
    for (size_t k = 0; k < stages[s].order.size(); ++k)
      ASSERT_EQ(placeOf(s, tokenAt(s, k)),
                placeOf(s + 1, tokenAt(s + 1, k / 4)) * 2 +
                    cv::Point(static_cast<int>(k % 2), static_cast<int>(k / 2 % 2)))
          << s << ' ' << k;
}

/// The groups of memory positions, class tokens included.
std::vector<int64_t> groupsOf(const StageTokens& tokens, int64_t ofToken) {
  std::vector<int64_t> groups;
  for (size_t group = 0; group < tokens.runs.size(); ++group)
    groups.insert(groups.end(),
                  static_cast<size_t>(tokens.runs[group] / ofToken + (tokens.classTokens > 0 ? 1 : 0)),
                  static_cast<int64_t>(group));
  return groups;
}

TEST_P(Cells, ReducedKeysAreSeenByTheirGroup) {
  for (size_t s = 0; s < stages.size(); ++s)
    for (const Block& block : plan.stages[s].blocks) {
      if (block.meeting != Meeting::kReduced) continue;
      const Sight& sight = stages[s].sightOf(block);
      const std::vector<int64_t> queries = groupsOf(stages[s], 1),
                                 keys = groupsOf(stages[s], int64_t{block.reduction} * block.reduction);
      std::vector<int> covered(queries.size());
      for (const Segment& segment : sight.segments) {
        const int64_t group = queries[static_cast<size_t>(segment.queryBegin)];
        for (int64_t q = segment.queryBegin; q < segment.queryEnd; ++q) {
          ++covered[static_cast<size_t>(q)];
          ASSERT_EQ(queries[static_cast<size_t>(q)], group) << block.name;
        }
        for (size_t k = 0; k < keys.size(); ++k)
          ASSERT_EQ(keys[k] == group,
                    static_cast<int64_t>(k) >= segment.keyBegin && static_cast<int64_t>(k) < segment.keyEnd)
              << block.name << ' ' << k;
      }
      EXPECT_EQ(std::count(covered.begin(), covered.end(), 1), static_cast<int64_t>(covered.size()));
    }
}

TEST_P(Cells, WindowsListTokensOfOneGroup) {
  for (size_t s = 0; s < stages.size(); ++s)
    for (const Block& block : plan.stages[s].blocks) {
      if (block.meeting != Meeting::kWindow) continue;
      const Sight& sight = stages[s].sightOf(block);
      EXPECT_TRUE(sight.place.empty()) << "no bias";
      std::vector<int> number(stages[s].order.size(), -1);
      for (size_t i = 0; i < sight.segments.size(); ++i)
        for (int64_t k = sight.segments[i].queryBegin; k < sight.segments[i].queryEnd; ++k)
          number[static_cast<size_t>(sight.listed.empty() ? k : sight.listed[static_cast<size_t>(k)])] =
              static_cast<int>(i);
      const auto windowOf = [&](size_t k) {
        const cv::Point place = placeOf(s, tokenAt(s, k));
        return cv::Vec3i(place.y / block.window.height, place.x / block.window.width,
                         partner(s, tokenAt(s, k)));
      };
      for (size_t a = 0; a < number.size(); a += 1 + number.size() / 50)
        for (size_t b = 0; b < number.size(); ++b)
          ASSERT_EQ(number[a] == number[b], windowOf(a) == windowOf(b)) << block.name << ' ' << a << ' ' << b;
    }
}

TEST_P(Cells, ConvolutionsReadTheirGroup) {
  for (size_t s = 0; s < stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    const bool convolved = stage.convolvedMlp || stage.position == Position::kConvolved;
    ASSERT_EQ(stages[s].neighbours.size(), convolved ? stages[s].order.size() * 9 : 0);
    const std::vector<int64_t> position = inverseOf(stages[s].order);
    for (size_t i = 0; i < stages[s].neighbours.size(); ++i) {
      const int tap = static_cast<int>(i % 9);
      const int64_t token = tokenAt(s, i / 9);
      const cv::Point place = placeOf(s, token) + cv::Point(tap % 3 - 1, tap / 3 - 1);
      int64_t wanted = -1;
      if (place.inside(cv::Rect({}, stage.grid)) && partner(place / perCell(s)) == partner(s, token))
        wanted = position[static_cast<size_t>(place.y * stage.grid.width + place.x)];
      ASSERT_EQ(stages[s].neighbours[i], wanted) << s << ' ' << i;
    }
  }
}

TEST_P(Cells, OverlappingPatchesReadTheirGroup) {
  for (size_t s = 0; s < stages.size(); ++s) {
    const Stage& stage = plan.stages[s];
    if (stage.narrowing != Narrowing::kOverlapping) {
      EXPECT_TRUE(stages[s].sources.empty());
      continue;
    }
    const int side = 2 * stage.side - 1, area = side * side;
    const cv::Size grid = s == 0 ? plan.image : plan.stages[s - 1].grid;
    const int inCell = grid.width / plan.cells.width;
    ASSERT_EQ(stages[s].sources.size(), stages[s].order.size() * static_cast<size_t>(area));
    for (size_t i = 0; i < stages[s].sources.size(); ++i) {
      const int member = static_cast<int>(i) % area;
      const int64_t token = tokenAt(s, i / static_cast<size_t>(area));
      const cv::Point corner = placeOf(s, token) * stage.side - cv::Point(stage.side - 1, stage.side - 1),
                      place = corner + cv::Point(member % side, member / side);
      int64_t wanted = -1;
      if (place.inside(cv::Rect({}, grid)) && partner(place / inCell) == partner(s, token)) {
        wanted = place.y * grid.width + place.x;
        if (s > 0) wanted = inverseOf(stages[s - 1].order)[static_cast<size_t>(wanted)];
      }
      ASSERT_EQ(stages[s].sources[i], wanted) << s << ' ' << i;
    }
  }
}

TEST_P(Cells, ClassTokensStandAtTheHeadOfTheirGroups) {
  for (size_t s = 0; s < stages.size(); ++s) {
    const int64_t count = plan.stages[s].classToken ? (mask.empty() ? 1 : 2) : 0;
    ASSERT_EQ(stages[s].classTokens, count);
    std::vector<int64_t> rows = stages[s].rows(), wanted = stages[s].order;
    if (count == 0) {
      EXPECT_EQ(rows, wanted);
      continue;
    }
    for (int64_t& token : wanted) token += count;
    if (count == 2) wanted.insert(wanted.begin() + stages[s].runs[0], 1);
    wanted.insert(wanted.begin(), 0);
    EXPECT_EQ(rows, wanted);
  }
}

INSTANTIATE_TEST_SUITE_P(Encoders, Cells,
                         ::testing::Values(Case{"PvtWhole", Family::kPvt, "whole"},
                                           Case{"PvtCheckers", Family::kPvt, "checkers"},
                                           Case{"PvtCorner", Family::kPvt, "corner"},
                                           Case{"PvtPartnerAlone", Family::kPvt, "partner"},
                                           Case{"PvtOneGroup", Family::kPvt, "checkers", false},
                                           Case{"SvtWhole", Family::kTwinsSvt, "whole"},
                                           Case{"SvtCheckers", Family::kTwinsSvt, "checkers"},
                                           Case{"SvtOneGroup", Family::kTwinsSvt, "checkers", false},
                                           Case{"PcpvtCheckers", Family::kTwinsPcpvt, "checkers"},
                                           Case{"PvtV2Whole", Family::kPvtV2, "whole"},
                                           Case{"PvtV2Checkers", Family::kPvtV2, "checkers"},
                                           Case{"PvtV2Corner", Family::kPvtV2, "corner"},
                                           Case{"PvtV2OneGroup", Family::kPvtV2, "checkers", false}),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace cv::mixmim
