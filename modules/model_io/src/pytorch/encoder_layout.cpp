#include "pytorch/encoder_layout.hpp"

#include <set>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

constexpr EncoderLayout windowed(Family family) {
  return {"layers.-.downsample.", "layers.#", ".blocks.", "patch_embed", family, false, true};
}

constexpr EncoderLayout pyramid(Family family, bool overlapping) {
  return {"patch_embed+.", "block+", ".", "patch_embed1", family, overlapping, false};
}

constexpr EncoderLayout twins(Family family) {
  return {"patch_embeds.#.", "blocks.#", ".", "patch_embeds.0", family, false, false};
}

constexpr EncoderLayout kLayouts[] = {windowed(Family::kMixMim),
                                      windowed(Family::kSwin),
                                      pyramid(Family::kPvt, /*overlapping=*/false),
                                      pyramid(Family::kPvtV2, /*overlapping=*/true),
                                      twins(Family::kTwinsSvt),
                                      twins(Family::kTwinsPcpvt)};

/// Numbers of blocks by the number of their stage.
using Blocks = std::map<int, std::set<int>>;

Blocks blocksAmong(const Shapes& shapes, const EncoderLayout& layout) {
  constexpr int kMost = 64;  // of either, so that a wrong number costs nothing
  Blocks blocks;
  for (const auto& entry : shapes) {
    const std::string& name = entry.first;
    if (const auto embedding = match(layout.embedding, name); embedding && embedding->number < kMost)
      blocks[embedding->number];
    const auto stage = match(std::string(layout.stage) + layout.blocks, name);
    const auto block = stage ? match("#.", std::string_view(name).substr(stage->length)) : std::nullopt;
    if (block && stage->number < kMost && block->number < kMost) blocks[stage->number].insert(block->number);
  }
  return blocks;
}

}  // namespace

std::string EncoderLayout::block(int stageNumber, int number) const {
  return fmt::format("{}{}{}", numbered(stage, stageNumber), blocks, number);
}

int EncoderLayout::blocksOf(const Shapes& shapes, int stageNumber) const {
  int number = 0;
  while (shapes.count(block(stageNumber, number) + ".norm1.weight") > 0) ++number;
  return number;
}

std::string EncoderLayout::missingPart(const Shapes& shapes, const std::string& name) const {
  const auto found = match(std::string(stage) + '.', name);
  if (!found) return name;
  const std::string start = name.substr(0, found->length);
  const auto next = shapes.lower_bound(start);
  return next != shapes.end() && startsWith(next->first, start) ? name : start.substr(0, start.size() - 1);
}

void EncoderLayout::requireNoGaps(const Shapes& shapes, const std::string& where) const {
  Blocks present = blocksAmong(shapes, *this);
  std::vector<std::string> problems;
  for (int s = 0; !present.empty() && s <= present.rbegin()->first; ++s) {
    const std::set<int>& numbers = present[s];
    if (numbers.empty()) problems.push_back(numbered(stage, s) + " is missing");
    for (int number = 0; !numbers.empty() && number < *numbers.rbegin(); ++number)
      if (numbers.count(number) == 0) problems.push_back(block(s, number) + " is missing");
  }
  if (!problems.empty()) throw Error(where, "is not a complete model: " + firstFew(problems));
}

const EncoderLayout& layoutOf(Family family) {
  for (const EncoderLayout& layout : kLayouts)
    if (layout.family == family) return layout;
  CV_Error(cv::Error::StsBadArg, "no family of encoders");
}

}  // namespace cv::mixmim
