#include "pytorch/foreign_names.hpp"

#include <array>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"

namespace cv::mixmim {

namespace {

using Renaming = std::pair<std::string_view, std::string_view>;

// The first that matches counts.
constexpr std::array<Renaming, 5> kBeginnings{{{"backbone.patch_embed.projection.", "patch_embed.proj."},
                                               {"backbone.", ""},
                                               {"neck.ln1.", "decoder_norm."},
                                               {"neck.", ""},
                                               {"head.fc.", "head."}}};
constexpr std::array<Renaming, 4> kMiddles{{{".ln1.", ".norm1."},
                                            {".ln2.", ".norm2."},
                                            {".ffn.layers.0.0.", ".mlp.fc1."},
                                            {".ffn.layers.1.", ".mlp.fc2."}}};

}  // namespace

std::string officialName(const std::string& mmpretrainName) {
  std::string name = mmpretrainName;
  for (const auto& [theirs, ours] : kBeginnings) {
    if (name.compare(0, theirs.size(), theirs) != 0) continue;
    name.replace(0, theirs.size(), ours);
    break;
  }
  for (const auto& [theirs, ours] : kMiddles)
    if (const size_t at = name.find(theirs); at != std::string::npos) name.replace(at, theirs.size(), ours);
  return name;
}

bool hasMergedChannels(const std::string& name) {
  return name.find(".downsample.reduction.") != std::string::npos ||
         name.find(".downsample.norm.") != std::string::npos;
}

Tensor officialMerging(const Tensor& tensor, const std::string& name) {
  constexpr int64_t kNeighbours = 4, kOrder[kNeighbours] = {0, 2, 1, 3};
  if (tensor.dtype != DType::kF32 || tensor.shape.empty() || tensor.shape.back() % kNeighbours != 0)
    throw Error(name, "expected floating-point numbers for four neighbours per channel");
  const int64_t width = tensor.shape.back(), channels = width / kNeighbours;
  Tensor official = Tensor::zeros(tensor.shape);
  for (int64_t row = 0; row < tensor.elements(); row += width)
    for (int64_t k = 0; k < kNeighbours; ++k)
      for (int64_t c = 0; c < channels; ++c)
        official.as<float>()[row + k * channels + c] = tensor.as<float>()[row + kNeighbours * c + kOrder[k]];
  return official;
}

}  // namespace cv::mixmim
