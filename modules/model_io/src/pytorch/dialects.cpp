#include "pytorch/dialects.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "opencv2/mixmim/text.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/name_pattern.hpp"

namespace cv::mixmim {

namespace {

using Names = std::vector<std::string>;

/// Another spelling of a part of a name.
struct Respelling {
  NamePattern theirs, ours;
};

/// A program's spelling of one kind of encoder.
struct Dialect {
  Program program;
  bool (*isSpokenIn)(const Names& names);
  std::vector<Respelling> beginnings;  ///< patterns, of which the first that fits counts
  std::vector<Respelling> middles;     ///< plain texts, each of which counts
};

/// The largest number of a pattern that names have; -1 = none.
int largest(const Names& names, NamePattern pattern) {
  int last = -1;
  for (const std::string& name : names)
    if (const auto found = match(pattern, name)) last = std::max(last, found->number);
  return last;
}

bool isSwin(const Names& names) {
  return familyOf(names) == Family::kSwin;
}

/// timm counts a merging to the stage that it leads to; the official Swin has none behind its last stage.
bool countsMergingToNextStage(const Names& names) {
  const int last = largest(names, "layers.#.downsample.");
  return isSwin(names) && last > 0 && last == largest(names, "layers.#.blocks.");
}

const Respelling kMmpretrainFc1{".ffn.layers.0.0.", ".mlp.fc1."},
    kMmpretrainFc2{".ffn.layers.1.", ".mlp.fc2."}, kHeadLayer{"head.fc.", "head."};

/// Each is asked in turn, with the names as those before left them.
const std::vector<Dialect>& dialects() {
  static const std::vector<Dialect> all{
      {Program::kMmpretrain,  // MixMIM, Swin
       [](const Names& names) { return oneMatches("patch_embed.projection.", names); },
       {{"patch_embed.projection.", "patch_embed.proj."},
        {"stages.", "layers."},
        {"norm3.", "norm."},
        {"neck.ln1.", "decoder_norm."},
        {"neck.", ""},
        kHeadLayer},
       {{".ln1.", ".norm1."},
        {".ln2.", ".norm2."},
        {".attn.w_msa.", ".attn."},
        kMmpretrainFc1,
        kMmpretrainFc2}},
      {Program::kMmpretrain,  // Twins
       [](const Names& names) { return oneMatches("patch_embeds.0.projection.", names); },
       {{"patch_embeds.#.projection.", "patch_embeds.#.proj."},
        {"stages.", "blocks."},
        {"position_encodings.#.proj.", "pos_block.#.proj.0."},
        {"norm_after_stage3.", "norm."},
        kHeadLayer},
       {kMmpretrainFc1, kMmpretrainFc2}},
      {Program::kTimm, countsMergingToNextStage, {{"layers.+.downsample.", "layers.#.downsample."}}, {}},
      {Program::kTimm,  // Swin
       [](const Names& names) { return isSwin(names) && oneMatches(kHeadLayer.theirs, names); },
       {kHeadLayer},
       {}},
      {Program::kTimm,  // PVTv2
       [](const Names& names) { return oneMatches("stages.0.blocks.0.attn.q.", names); },
       {{"patch_embed.", "patch_embed1."},
        {"stages.#.downsample.", "patch_embed+."},
        {"stages.#.blocks.", "block+."},
        {"stages.#.norm.", "norm+."}},
       {{".mlp.dwconv.", ".mlp.dwconv.dwconv."}}},
  };
  return all;
}

std::string respelled(const std::string& theirs, const Dialect& dialect) {
  std::string name = theirs;
  for (const auto& [pattern, ours] : dialect.beginnings)
    if (const auto found = match(pattern, name)) {
      name.replace(0, found->length, numbered(ours, found->number));
      break;
    }
  for (const auto& [middle, ours] : dialect.middles)
    if (const size_t at = name.find(middle); at != std::string::npos) name.replace(at, middle.size(), ours);
  return name;
}

}  // namespace

const char* wordFor(Program program) {
  constexpr std::array<const char*, 4> kNames{{"official", "mmpretrain", "timm", "SimMIM"}};
  return kNames.at(static_cast<size_t>(program));
}

std::optional<Program> spellOfficially(Names& names) {
  std::optional<Program> program;
  for (const Dialect& dialect : dialects()) {
    if (!dialect.isSpokenIn(names)) continue;
    for (std::string& name : names) name = respelled(name, dialect);
    if (!program) program = dialect.program;
  }
  return program;
}

}  // namespace cv::mixmim
