#include "model/token_order.hpp"

#include <algorithm>

#include "tokens/buckets.hpp"
#include "tokens/convolution_inputs.hpp"
#include "tokens/sights.hpp"

namespace cv::mixmim {

namespace {

using Indices = std::vector<int64_t>;

constexpr ConvolutionWindow kNeighbours{3, 1, 1};

bool hasReducedKeys(const Plan& plan) {
  const auto reduced = [](const Block& block) { return block.meeting == Meeting::kReduced; };
  return std::any_of(plan.stages.begin(), plan.stages.end(), [&](const Stage& stage) {
    return std::any_of(stage.blocks.begin(), stage.blocks.end(), reduced);
  });
}

/// Token k of a cell in the order of a quad-tree: the bits of its column and row in turn.
cv::Point placeInCell(int k) {
  cv::Point place;
  for (int bit = 0; k >> (2 * bit) != 0; ++bit) {
    place.x |= (k >> (2 * bit) & 1) << bit;
    place.y |= (k >> (2 * bit + 1) & 1) << bit;
  }
  return place;
}

/// One stage while its order is worked out.
class StageBuilder {
 public:
  StageBuilder(const Stage& stage, const Plan& plan, const cv::Mat& mask)
      : stage_(stage), grid_(stage.grid, plan.cells, mask) {}

  /// Window by window, and inside a window the image's own tokens first.
  void sortByWindows() {
    const auto inPlace = std::find_if_not(stage_.blocks.begin(), stage_.blocks.end(),
                                          [](const Block& block) { return block.shifted(); });
    const Block& block = inPlace == stage_.blocks.end() ? wholeGrid() : *inPlace;
    order_ = byBuckets<int64_t>(static_cast<size_t>(stage_.tokens()), [&](int64_t token) {
      return 2 * windowOf(grid_, token, block) + grid_.partner(token);
    });
  }

  /// Cell by cell, the image's own cells first.
  void sortByCells(const Plan& plan, const cv::Mat& mask) {
    const MixedGrid cells(plan.cells, plan.cells, mask);
    const Indices sorted = byBuckets<int64_t>(static_cast<size_t>(plan.cellCount()),
                                              [&](int64_t cell) { return cells.partner(cell); });
    const int side = grid_.perCell(), ofCell = side * side;
    for (const int64_t cell : sorted)
      for (int k = 0; k < ofCell; ++k) {
        const cv::Point place = placeInCell(k);
        order_.push_back(grid_.at(cells.row(cell) * side + place.y, cells.column(cell) * side + place.x));
      }
    countRuns(!mask.empty());
  }

  const Indices& order() const { return order_; }
  const Indices& runs() const { return runs_; }
  const MixedGrid& grid() const { return grid_; }

  /// For each token of the next stage those that become it.
  Indices mergeInto(const StageBuilder& next) const {
    const Indices position = inverseOf(order_);
    const int side = next.stage_.side;
    const std::vector<cv::Point> members = mergingOrder(side);
    Indices merged;
    for (const int64_t token : next.order_) {
      const int row = next.grid_.row(token) * side, column = next.grid_.column(token) * side;
      for (const cv::Point& member : members)
        merged.push_back(position[static_cast<size_t>(grid_.at(row + member.y, column + member.x))]);
    }
    return merged;
  }

  std::vector<Sight> sights(bool groups) const {
    std::vector<Sight> sights;
    for (const Block& block : stage_.blocks) {
      const auto known =
          std::find_if(sights.begin(), sights.end(), [&](const Sight& sight) { return sight.serves(block); });
      if (known == sights.end()) sights.push_back(sightOf(block, groups));
    }
    return sights;
  }

  /// The tokens under a 3 x 3 convolution.
  std::vector<int32_t> neighbours() const {
    return convolutionInputs(order_, stage_.grid.width, grid_, inverseOf(order_), kNeighbours);
  }

  /// What an overlapping embedding reads: of `inputs`, which stand at `places`.
  std::vector<int32_t> sources(const MixedGrid& inputs, const Indices& places) const {
    const int step = stage_.side;
    return convolutionInputs(order_, stage_.grid.width, inputs, places, {2 * step - 1, step, step - 1});
  }

 private:
  Block wholeGrid() const {
    Block block{};
    block.window = stage_.grid;
    return block;
  }

  void countRuns(bool mixed) {
    const auto partners =
        std::count_if(order_.begin(), order_.end(), [&](int64_t token) { return grid_.partner(token); });
    runs_ = {stage_.tokens() - partners};
    if (mixed) runs_.push_back(partners);
  }

  Sight sightOf(const Block& block, bool groups) const {
    if (block.meeting == Meeting::kReduced) return reducedSight(runs_, block, stage_.classToken);
    return windowSight(grid_, order_, block, groups);
  }

  Stage stage_;
  MixedGrid grid_;
  Indices order_, runs_;
};

/// Builders of all stages, in order.
std::vector<StageBuilder> ordered(const Plan& plan, const cv::Mat& mask, bool cells) {
  std::vector<StageBuilder> builders;
  for (const Stage& stage : plan.stages) {
    StageBuilder& builder = builders.emplace_back(stage, plan, mask);
    cells ? builder.sortByCells(plan, mask) : builder.sortByWindows();
  }
  return builders;
}

}  // namespace

std::vector<int64_t> inverseOf(const std::vector<int64_t>& order) {
  std::vector<int64_t> inverse(order.size());
  for (size_t k = 0; k < order.size(); ++k) inverse[static_cast<size_t>(order[k])] = static_cast<int64_t>(k);
  return inverse;
}

const Sight& StageTokens::sightOf(const Block& block) const {
  return *std::find_if(sights.begin(), sights.end(), [&](const Sight& sight) { return sight.serves(block); });
}

std::vector<int64_t> StageTokens::rows() const {
  if (classTokens == 0) return order;
  Indices rows;
  auto next = order.begin();
  for (int64_t group = 0; group < classTokens; ++group) {
    rows.push_back(group);
    for (int64_t k = 0; k < runs[static_cast<size_t>(group)]; ++k) rows.push_back(classTokens + *next++);
  }
  return rows;
}

std::vector<StageTokens> tokenOrder(const Plan& plan, const cv::Mat& mask, bool groups) {
  const bool cells = hasReducedKeys(plan);
  const cv::Mat seen = cells && !groups ? cv::Mat() : mask;  // one group is a whole image
  const std::vector<StageBuilder> builders = ordered(plan, seen, cells);
  std::vector<StageTokens> stages(builders.size());
  for (size_t s = 0; s < builders.size(); ++s) {
    const Stage& stage = plan.stages[s];
    StageTokens& tokens = stages[s];
    tokens.order = builders[s].order();
    tokens.runs = builders[s].runs();
    tokens.classTokens = stage.classToken ? static_cast<int64_t>(tokens.runs.size()) : 0;
    tokens.sights = builders[s].sights(groups);
    if (s + 1 < builders.size() && plan.stages[s + 1].narrowing == Narrowing::kMerged)
      tokens.merge = builders[s].mergeInto(builders[s + 1]);
    if (stage.position == Position::kConvolved || stage.convolvedMlp)
      tokens.neighbours = builders[s].neighbours();
    if (stage.narrowing == Narrowing::kOverlapping)
      tokens.sources = s == 0
                           ? builders[s].sources(MixedGrid(plan.image, plan.cells, seen), {})
                           : builders[s].sources(builders[s - 1].grid(), inverseOf(builders[s - 1].order()));
  }
  return stages;
}

}  // namespace cv::mixmim
