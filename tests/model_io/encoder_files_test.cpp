// Files of PVT, Twins and PVTv2 as their authors, timm and mmpretrain write them, all made here: each must
// become the same model, and go back in the authors' names and order.
#include <functional>

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "model_io/files/safetensors.hpp"
#include "model_io/open_checkpoint.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/text.hpp"
#include "tests/model_io/encoder_models.hpp"
#include "tests/model_io/foreign_files.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

std::string same(const std::string& official) {
  return official;
}

/// "block2.0.x" -> "stages.1.blocks.0.x" and the like.
std::string timmNameOfPvtV2(const std::string& official) {
  std::string name = replaced(official, ".mlp.dwconv.dwconv.", ".mlp.dwconv.");
  name = replaced(name, "patch_embed1.", "patch_embed.");
  for (int stage = 0; stage < 4; ++stage) {
    const std::string theirs = fmt::format("stages.{}.", stage);
    if (startsWith(name, "patch_embed"))
      name = replaced(name, fmt::format("patch_embed{}.", stage + 1), theirs + "downsample.");
    if (startsWith(name, "block"))
      name = replaced(name, fmt::format("block{}.", stage + 1), theirs + "blocks.");
    if (startsWith(name, "norm")) name = replaced(name, fmt::format("norm{}.", stage + 1), theirs + "norm.");
  }
  return name;
}

std::string mmpretrainNameOfTwins(const std::string& official) {
  std::string name = official;
  if (startsWith(name, "head.")) return replaced(name, "head.", "head.fc.");
  if (startsWith(name, "patch_embeds.")) name = replaced(name, ".proj.", ".projection.");
  if (startsWith(name, "blocks.")) name = replaced(name, "blocks.", "stages.");
  if (startsWith(name, "pos_block."))
    name = replaced(replaced(name, "pos_block.", "position_encodings."), ".proj.0.", ".proj.");
  if (startsWith(name, "norm.")) name = replaced(name, "norm.", "norm_after_stage3.");
  return "backbone." +
         replaced(replaced(name, ".mlp.fc1.", ".ffn.layers.0.0."), ".mlp.fc2.", ".ffn.layers.1.");
}

/// A program's spelling of one encoder.
struct Spelling {
  const char *name, *encoder;
  std::string (*nameOf)(const std::string& official);
  const char *source, *notes;
};

class EncoderSpellings : public ::testing::TestWithParam<Spelling> {
 protected:
  TensorMap theirs() const {
    TensorMap tensors;
    for (const auto& [name, tensor] : weights_) tensors[GetParam().nameOf(name)] = tensor;
    return tensors;
  }

  void expectOurs(const std::string& path) const {
    expectEqual(readWeights(path), weights_);
    EXPECT_EQ(toJson(readCheckpointInfo(path, kNarrowHead).config), toJson(config_));
    EXPECT_EQ(readSource(path), GetParam().source);
    std::string notes;
    for (const std::string& note : readNotes(path)) notes += note;
    EXPECT_EQ(notes, GetParam().notes);
  }

  const TempFolder folder_;
  const Config config_ = narrowModel(GetParam().encoder);
  const TensorMap weights_ = weightsOf(config_);
};

TEST_P(EncoderSpellings, OfPthFilesBecomeTheOfficialOne) {
  for (const char* key : {"", "model", "state_dict"}) {
    SCOPED_TRACE(key);
    writeStateDict(folder_ / "a.pth", theirs(), key);
    expectOurs(folder_ / "a.pth");
  }
}

TEST_P(EncoderSpellings, OfPlainFilesBecomeTheOfficialOne) {
  writeSafetensors(folder_ / "a.safetensors", theirs());
  expectOurs(folder_ / "a.safetensors");
}

std::string wrapped(const std::string& official) {
  return "module." + official;
}

constexpr const char* kOtherEps =
    "mmpretrain's Twins was trained with a norm epsilon of 1e-5, here it is 1e-6";

INSTANTIATE_TEST_SUITE_P(Programs, EncoderSpellings,
                         ::testing::Values(Spelling{"Pvt", "pvt", same, "official", ""},
                                           Spelling{"PvtWrapped", "pvt", wrapped, "official", ""},
                                           Spelling{"TwinsSvt", "twins_svt", same, "official", ""},
                                           Spelling{"TwinsPcpvt", "twins_pcpvt", same, "official", ""},
                                           Spelling{"PvtV2", "pvt_v2", same, "official", ""},
                                           Spelling{"PvtV2OfTimm", "pvt_v2", timmNameOfPvtV2, "timm", ""},
                                           Spelling{"TwinsSvtOfMmpretrain", "twins_svt",
                                                    mmpretrainNameOfTwins, "mmpretrain", kOtherEps},
                                           Spelling{"TwinsPcpvtOfMmpretrain", "twins_pcpvt",
                                                    mmpretrainNameOfTwins, "mmpretrain", kOtherEps}),
                         nameOfCase<Spelling>);

using Names = std::vector<std::string>;

/// Adds `prefix` + each of `layers` + ".weight" and ".bias".
void addLayers(Names& names, const std::string& prefix, const Names& layers) {
  for (const std::string& layer : layers)
    for (const char* part : {".weight", ".bias"}) names.push_back(prefix + layer + part);
}

const Names kEmbedding{"proj", "norm"}, kReducing{"q", "kv", "proj", "sr", "norm"}, kPlain{"q", "kv", "proj"},
    kWindow{"qkv", "proj"};

/// The names of the official class of PVT.
Names orderOfPvt() {
  Names names{"pos_embed1", "pos_embed2", "pos_embed3", "pos_embed4", "cls_token"};
  const int depths[] = {1, 1, 2, 2};
  for (int s = 1; s <= 4; ++s) {
    addLayers(names, fmt::format("patch_embed{}.", s), kEmbedding);
    for (int n = 0; n < depths[s - 1]; ++n) {
      const std::string block = fmt::format("block{}.{}.", s, n);
      addLayers(names, block, {"norm1"});
      addLayers(names, block + "attn.", s < 4 ? kReducing : kPlain);
      addLayers(names, block, {"norm2", "mlp.fc1", "mlp.fc2"});
    }
  }
  addLayers(names, "", {"norm", "head"});
  return names;
}

Names orderOfPvtV2() {
  Names names;
  const int depths[] = {1, 1, 2, 1};
  for (int s = 1; s <= 4; ++s) {
    addLayers(names, fmt::format("patch_embed{}.", s), kEmbedding);
    for (int n = 0; n < depths[s - 1]; ++n) {
      const std::string block = fmt::format("block{}.{}.", s, n);
      addLayers(names, block, {"norm1"});
      addLayers(names, block + "attn.", s < 4 ? kReducing : kPlain);
      addLayers(names, block, {"norm2", "mlp.fc1", "mlp.dwconv.dwconv", "mlp.fc2"});
    }
    addLayers(names, "", {fmt::format("norm{}", s)});
  }
  addLayers(names, "", {"head"});
  return names;
}

void addPatchesAndPositions(Names& names, const char* pattern, const Names& layers) {
  for (int s = 0; s < 4; ++s) addLayers(names, fmt::format(fmt::runtime(pattern), s), layers);
}

/// Blocks stand behind the head, and attention is the last of a block.
Names orderOfTwinsSvt() {
  Names names;
  addPatchesAndPositions(names, "patch_embeds.{}.", kEmbedding);
  addLayers(names, "", {"norm", "head"});
  addPatchesAndPositions(names, "pos_block.{}.", {"proj.0"});
  for (int s = 0; s < 4; ++s)
    for (int n = 0; n < 2; ++n) {
      const std::string block = fmt::format("blocks.{}.{}.", s, n);
      addLayers(names, block, {"norm1", "norm2", "mlp.fc1", "mlp.fc2"});
      addLayers(names, block + "attn.", n == 0 ? kWindow : s < 3 ? kReducing : kPlain);
    }
  return names;
}

Names orderOfTwinsPcpvt() {
  Names names;
  addPatchesAndPositions(names, "patch_embeds.{}.", kEmbedding);
  const int depths[] = {1, 1, 2, 1};
  for (int s = 0; s < 4; ++s)
    for (int n = 0; n < depths[s]; ++n) {
      const std::string block = fmt::format("blocks.{}.{}.", s, n);
      addLayers(names, block, {"norm1"});
      addLayers(names, block + "attn.", s < 3 ? kReducing : kPlain);
      addLayers(names, block, {"norm2", "mlp.fc1", "mlp.fc2"});
    }
  addLayers(names, "", {"norm", "head"});
  addPatchesAndPositions(names, "pos_block.{}.", {"proj.0"});
  return names;
}

struct Order {
  const char *name, *encoder;
  Names (*names)();
};

class EncoderOrders : public ::testing::TestWithParam<Order> {};

/// Official -> ours -> official: every number, and nothing else.
TEST_P(EncoderOrders, OfWhatWeWriteAreThoseOfTheOfficialClass) {
  const TempFolder folder;
  const std::string official = folder / "official.pth", ours = folder / "ours.pth";
  const TensorMap weights = weightsOf(narrowModel(GetParam().encoder));
  writeStateDict(official, weights, /*key=*/"");
  CheckpointInfo info = readCheckpointInfo(official, kNarrowHead);
  info.labels = {"cat", "dog"};
  writeOfficialPth(ours, {readWeights(official), {}}, info, PthContent::kWeights);

  const PthFile file(ours);
  Names names;
  TensorMap written;
  for (const auto& [key, value] : find<PthDict>(file.root(), "model")->items) {
    names.emplace_back(*key->as<std::string_view>());
    written[names.back()] = file.tensor(*value->as<PthTensor>());
  }
  EXPECT_EQ(names, GetParam().names());
  expectEqual(written, weights);
  EXPECT_EQ(toJson(readCheckpointInfo(ours).config), toJson(info.config)) << "which says how wide heads are";
  EXPECT_EQ(readSource(ours), "mixmim");
}

INSTANTIATE_TEST_SUITE_P(Families, EncoderOrders,
                         ::testing::Values(Order{"Pvt", "pvt", orderOfPvt},
                                           Order{"PvtV2", "pvt_v2", orderOfPvtV2},
                                           Order{"TwinsSvt", "twins_svt", orderOfTwinsSvt},
                                           Order{"TwinsPcpvt", "twins_pcpvt", orderOfTwinsPcpvt}),
                         nameOfCase<Order>);

}  // namespace
}  // namespace cv::mixmim::test
