// Files of weights as people have them: any name, any wrapper, several models in one file, one model in
// several files.
#include "model_io/open_checkpoint.hpp"

#include <functional>

#include <fmt/format.h>

#include "files/zip_archive.hpp"
#include "model_io/files/file_format.hpp"
#include "model_io/files/safetensors.hpp"
#include "model_io/onnx/file.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/model_io/foreign_files.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/pth_builder.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

/// A classifier of three stages, so that one in the middle can be missing.
Config small() {
  return resolve(Task::kFinetune, {{"model", "small", ""}, {"size", "64", ""}, {"model.classes", "3", ""}});
}

TensorMap weightsOfSmall(uint64_t seed = 7) {
  return initialWeights(small().model, Task::kFinetune, seed);
}

TensorMap under(const std::string& prefix, const TensorMap& tensors) {
  TensorMap wrapped;
  for (const auto& [name, tensor] : tensors) wrapped[prefix + name] = tensor;
  return wrapped;
}

void writeDict(PthWriter& file, const TensorMap& tensors) {
  file.beginDict();
  for (const auto& [name, tensor] : tensors) file.text(name), file.tensor(tensor);
  file.end();
}

/// {"a": {"b": tensors}, "c": tensors} for the keys "a.b" and "c".
void writePth(const std::string& path, const std::vector<std::pair<std::string, TensorMap>>& dicts) {
  PthWriter file(path);
  file.beginDict();
  for (const auto& [key, tensors] : dicts) {
    const size_t dot = key.find('.');
    file.text(key.substr(0, dot));
    if (dot != std::string::npos) file.beginDict(), file.text(key.substr(dot + 1));
    writeDict(file, tensors);
    if (dot != std::string::npos) file.end();
  }
  file.end();
  file.commit();
}

class WeightFiles : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_ / name; }

  const TempFolder folder_;
  const TensorMap weights_ = weightsOfSmall();
};

TEST_F(WeightFiles, AreKnownByTheirContent) {
  for (const char* name :
       {"x.pth", "x.bin", "x.ckpt", "x.PTH", "x.pth.tar", "x.safetensors", "x", "x.onnx"}) {
    SCOPED_TRACE(name);
    writeStateDict(path(name), weights_);
    EXPECT_EQ(weightsKindOf(path(name)), WeightsKind::kPth);
    expectEqual(readWeights(path(name)), weights_);
    EXPECT_EQ(readCheckpointInfo(path(name)).config.model.name, "small");
    writeSafetensors(path(name), weights_);
    EXPECT_EQ(weightsKindOf(path(name)), WeightsKind::kSafetensors);
    expectEqual(readWeights(path(name)), weights_);
    EXPECT_EQ(readCheckpointInfo(path(name)).config.model.name, "small");
  }
}

/// mmpretrain publishes its models in the format of PyTorch before 1.6.
TEST_F(WeightFiles, OfOldPytorchAreRead) {
  writeStateDict(path("new.pth"), weights_);
  const std::string file = contentOf(path("new.pth"));
  const ZipArchive archive(file, "new.pth");
  std::vector<std::pair<std::string, std::string>> storages;
  for (size_t i = 0; i < weights_.size(); ++i)
    storages.emplace_back(std::to_string(i), archive.bytes(fmt::format("archive/data/{}", i)));
  writeFile(path("old"), legacyOf(std::string(archive.bytes("archive/data.pkl")), storages));
  EXPECT_EQ(weightsKindOf(path("old")), WeightsKind::kPth);
  expectEqual(readWeights(path("old")), weights_);
  EXPECT_EQ(readCheckpointInfo(path("old")).config.model.name, "small");
}

struct Stranger {
  const char* name;
  std::string content;
  const char* message;  ///< behind the path
};

class Strangers : public ::testing::TestWithParam<Stranger> {};

TEST_P(Strangers, AreNamed) {
  const TempFolder folder;
  const std::string path = folder / "x.pth";
  writeFile(path, GetParam().content);
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(path), fmt::format("{}: {}", path, GetParam().message).c_str());
}

INSTANTIATE_TEST_SUITE_P(
    Contents, Strangers,
    ::testing::Values(
        Stranger{"Empty", "", "is empty; expected a checkpoint folder, a file of torch.save, or safetensors"},
        Stranger{
            "Text", "weights",
            "is not a file of weights; expected a checkpoint folder, a file of torch.save, or safetensors"},
        Stranger{
            "WebPage", "<!doctype html>",
            "is a web page or XML, which may have come instead of the file; expected a checkpoint folder, "
            "a file of torch.save, or safetensors"},
        Stranger{"Lfs", "version https://git-lfs.github.com/spec/v1\n",
                 "is a pointer of Git LFS, which stands for the file; `git lfs pull` fetches it; expected a "
                 "checkpoint folder, a file of torch.save, or safetensors"},
        Stranger{
            "Gzip", "\x1f\x8b\x08",
            "is compressed with gzip, which must be undone first; expected a checkpoint folder, a file of "
            "torch.save, or safetensors"},
        Stranger{"Tar", std::string(257, 'x') + "ustar",
                 "is a tar archive, which must be unpacked first; expected a checkpoint folder, a file of "
                 "torch.save, or safetensors"},
        Stranger{"Pickle", "\x80\x04K\x01.", "is not a PyTorch file, expected a zip archive"},
        Stranger{"Onnx", "\x08\x07",
                 "is a deployed model; training starts from a checkpoint or .pth, and so does export"}),
    nameOfCase<Stranger>);

TEST_F(WeightFiles, AreNoDeployedModels) {
  writeStateDict(path("x.onnx"), weights_);
  writeSafetensors(path("y.onnx"), weights_);
  CheckpointInfo info;
  info.config = small();
  writeCheckpoint(path("run/checkpoints/last"), {weights_, {}}, info);
  for (const char* name : {"x.onnx", "y.onnx", "run", "run/checkpoints/last"})
    MIXMIM_EXPECT_ERROR(
        readOnnxFile(path(name)),
        fmt::format("{0}: is a checkpoint, not a deployed model; mixmim export --init {0} --out model.onnx "
                    "makes the file for predict",
                    path(name))
            .c_str());
}

struct Wrapper {
  const char *name, *prefix;
};

class Wrappers : public ::testing::TestWithParam<Wrapper> {};

TEST_P(Wrappers, AreTakenOff) {
  const TempFolder folder;
  const std::string path = folder / "x";
  TensorMap wrapped = under(GetParam().prefix, weightsOfSmall());
  for (const char* key : {"", "model", "state_dict", "module", "network"}) {
    SCOPED_TRACE(key);
    writeStateDict(path, wrapped, key);
    expectEqual(readWeights(path), weightsOfSmall());
    EXPECT_EQ(readNotes(path), std::vector<std::string>());
  }
  writeSafetensors(path, wrapped);
  expectEqual(readWeights(path), weightsOfSmall());
}

INSTANTIATE_TEST_SUITE_P(
    Prefixes, Wrappers,
    ::testing::Values(Wrapper{"None", ""}, Wrapper{"Ddp", "module."}, Wrapper{"Compiled", "_orig_mod."},
                      Wrapper{"CompiledInDdp", "module._orig_mod."},
                      Wrapper{"DdpCompiled", "_orig_mod.module."},
                      Wrapper{"Fsdp", "_fsdp_wrapped_module.model."}, Wrapper{"Lightning", "model."},
                      Wrapper{"Encoder", "encoder."}, Wrapper{"Backbone", "backbone."},
                      Wrapper{"ModelBackbone", "model.backbone."}, Wrapper{"Own", "net.swin."}),
    nameOfCase<Wrapper>);

/// Tensors beside the model's wrapper are named, and the model's mask token is not taken for SimMIM's.
TEST_F(WeightFiles, OutsideTheWrapperNothingIsRead) {
  TensorMap wrapped = under("module.", weights_);
  wrapped["n_averaged"] = Tensor::zeros({}, DType::kI64);
  writeStateDict(path("x"), wrapped, "state_dict");
  expectEqual(readWeights(path("x")), weights_);
  EXPECT_EQ(readNotes(path("x")), std::vector<std::string>{"outside the model, and not read: 'n_averaged'"});

  const Config pretraining = resolve(Task::kPretrain, {{"model", "small", ""}, {"size", "64", ""}});
  const TensorMap all = initialWeights(pretraining.model, Task::kPretrain, 7);
  writeStateDict(path("x"), under("backbone.", all));
  expectEqual(readWeights(path("x")), all);
}

struct Averaged {
  const char* name;
  std::vector<std::string> keys;  ///< dictionaries of weights of the seeds 1, 2, ...
  const char* choice;             ///< FILE:choice
  uint64_t seed;                  ///< of the one that is used
  const char* note;               ///< PATH stands for the file
};

class Averages : public ::testing::TestWithParam<Averaged> {};

TEST_P(Averages, AreSaid) {
  const TempFolder folder;
  const std::string path = folder / "x.pth", choice = GetParam().choice;
  std::vector<std::pair<std::string, TensorMap>> dicts;
  for (const std::string& key : GetParam().keys) dicts.emplace_back(key, weightsOfSmall(dicts.size() + 1));
  writePth(path, dicts);
  const std::string given = choice.empty() ? path : path + ':' + choice;
  expectEqual(readWeights(given), weightsOfSmall(GetParam().seed));
  EXPECT_EQ(readCheckpointInfo(given).config.model.name, "small");
  std::string notes;
  for (const std::string& note : readNotes(given)) notes += replaced(note, path, "PATH") + "\n";
  EXPECT_EQ(notes, GetParam().note);
}

INSTANTIATE_TEST_SUITE_P(
    Files, Averages,
    ::testing::Values(Averaged{"Timm",
                               {"state_dict", "state_dict_ema"},
                               "",
                               1,
                               "also holds 'state_dict_ema', which is not used; 'PATH:NAME' takes it\n"},
                      Averaged{"Swin",
                               {"model_ema", "model"},
                               "",
                               2,
                               "also holds 'model_ema', which is not used; 'PATH:NAME' takes it\n"},
                      Averaged{"Chosen",
                               {"model", "model_ema"},
                               "model_ema",
                               2,
                               "the weights of 'model_ema', an average over training, are used\n"
                               "also holds 'model', which is not used; 'PATH:NAME' takes it\n"},
                      Averaged{"Alone",
                               {"model_ema"},
                               "",
                               1,
                               "the weights of 'model_ema', an average over training, are used\n"},
                      Averaged{"Nested",
                               {"ema.module", "student.module"},
                               "",
                               2,
                               "also holds 'ema.module', which is not used; 'PATH:NAME' takes it\n"},
                      Averaged{"NestedChosen",
                               {"student.module", "teacher.module"},
                               "teacher",
                               2,
                               "the weights of 'teacher.module', an average over training, are used\n"
                               "also holds 'student.module', which is not used; 'PATH:NAME' takes it\n"}),
    nameOfCase<Averaged>);

TEST_F(WeightFiles, OfSeveralModelsWantAChoice) {
  const std::string file = path("x.pth");
  writePth(file, {{"first", weights_}, {"second", weights_}});
  MIXMIM_EXPECT_ERROR(readWeights(file), fmt::format("{0}: holds several models: 'first', 'second'; "
                                                     "'{0}:NAME' takes one of them",
                                                     file)
                                             .c_str());
  MIXMIM_EXPECT_ERROR(
      readWeights(file + ":third"),
      fmt::format("{}: expected the weights of one of 'first', 'second', got 'third'", file).c_str());
  MIXMIM_EXPECT_ERROR(
      readTrainerState(file + ":third"),
      fmt::format("{}: expected the weights of one of 'first', 'second', got 'third'", file).c_str());
}

/// A student and its teacher in one dictionary, told apart by their wrappers.
TEST_F(WeightFiles, MayHoldTwoModelsUnderTwoWrappers) {
  TensorMap both = under("student.backbone.", weights_);
  for (const auto& [name, tensor] : under("teacher.backbone.", weightsOfSmall(8))) both[name] = tensor;
  writeSafetensors(path("x"), both);
  expectEqual(readWeights(path("x")), weights_);
  expectEqual(readWeights(path("x:teacher")), weightsOfSmall(8));
}

TEST_F(WeightFiles, OfAnAverageCannotBeResumed) {
  writePth(path("x"), {{"model_ema", weights_}, {"optimizer", {}}});
  MIXMIM_EXPECT_ERROR(readTrainerState(path("x")),
                      (path("x") + ": the optimizer belongs to other weights than their average; start from "
                                   "the average with --init instead of --resume")
                          .c_str());
}

struct Gap {
  const char* name;
  const char* prefix;   ///< of the tensors that are not there
  const char* message;  ///< behind the path
};

class Gaps : public ::testing::TestWithParam<Gap> {};

TEST_P(Gaps, AreNamed) {
  const TempFolder folder;
  const std::string path = folder / "x";
  TensorMap weights;
  for (const auto& [name, tensor] : weightsOfSmall())
    if (name.rfind(GetParam().prefix, 0) != 0) weights[name] = tensor;
  const std::string message = fmt::format("{}: {}", path, GetParam().message);
  writeStateDict(path, weights);
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(path), message.c_str());
  writeSafetensors(path, weights);
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(path), message.c_str());
}

INSTANTIATE_TEST_SUITE_P(
    Stages, Gaps,
    ::testing::Values(Gap{"First", "layers.0.", "is not a complete model: layers.0 is missing"},
                      Gap{"Middle", "layers.1.", "is not a complete model: layers.1 is missing"},
                      Gap{"Last", "layers.2.", "is not a complete model: layers.2 is missing"},
                      Gap{"All", "layers.",
                          "holds no weights of MixMIM, Swin, PVT, PVTv2 or Twins: it has 9 entries, which "
                          "begin with 'absolute_pos_embed', 'head.bias', 'head.weight'"},
                      Gap{"Block", "layers.2.blocks.1.",
                          "is not a complete model: layers.2.blocks.1 is missing"}),
    nameOfCase<Gap>);

/// A file that says its settings is judged by them.
TEST_F(WeightFiles, OfOursAreRefusedByTheStageThatIsMissing) {
  TensorMap weights = weights_;
  for (const auto& [name, tensor] : weights_)
    if (name.rfind("layers.1.", 0) == 0) weights.erase(name);
  PthWriter file(path("x"));
  file.beginDict();
  file.text("model"), writeDict(file, weights);
  file.text("mixmim_config"), file.text(toJson(small()));
  file.end();
  file.commit();
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(path("x")),
                      (path("x") + ": is not a complete MixMIM model at 64 px: layers.1 is missing").c_str());
}

class Shards : public WeightFiles {
 protected:
  static constexpr const char* kFirst = "model-00001-of-00002.safetensors";
  static constexpr const char* kSecond = "model-00002-of-00002.safetensors";
  static constexpr const char* kIndex = "model.safetensors.index.json";

  Shards() {
    std::string map;
    TensorMap halves[2];
    for (const auto& [name, tensor] : weights_) {
      const bool second = name > "layers.1.";
      halves[second ? 1 : 0][name] = tensor;
      map += fmt::format("{}\"{}\":\"{}\"", map.empty() ? "" : ",", name, second ? kSecond : kFirst);
    }
    writeSafetensors(path(kFirst), halves[0]);
    writeSafetensors(path(kSecond), halves[1]);
    index_ = fmt::format("{{\"metadata\":{{\"total_size\":1}},\"weight_map\":{{{}}}}}", map);
    writeFile(path(kIndex), index_);
  }

  std::string index_;
};

TEST_F(Shards, AreOneModel) {
  for (const std::string& given : {path(kIndex), path(kFirst), path(kSecond), folder_.path().string()}) {
    SCOPED_TRACE(given);
    expectEqual(readWeights(given), weights_);
    EXPECT_EQ(readCheckpointInfo(given).config.model.name, "small");
  }
  std::filesystem::remove(path(kIndex));
  for (const std::string& given : {path(kSecond), folder_.path().string()})
    expectEqual(readWeights(given), weights_);
}

TEST_F(Shards, HalfASetIsRefused) {
  std::filesystem::remove(path(kSecond));
  const std::string message = fmt::format(
      "is part of a model in 2 files, of which '{}' is missing; all shards and the index belong into one "
      "folder",
      kSecond);
  MIXMIM_EXPECT_ERROR(readWeights(path(kIndex)), fmt::format("{}: {}", path(kIndex), message).c_str());
  MIXMIM_EXPECT_ERROR(readWeights(path(kFirst)), fmt::format("{}: {}", path(kIndex), message).c_str());
  std::filesystem::remove(path(kIndex));
  MIXMIM_EXPECT_ERROR(readWeights(path(kFirst)), fmt::format("{}: {}", path(kFirst), message).c_str());
}

TEST_F(Shards, ThatAreMixedUpAreNamed) {
  writeSafetensors(path(kSecond), {{"norm.bias", Tensor::zeros({1})}});
  MIXMIM_EXPECT_ERROR(readWeights(path(kIndex)),
                      fmt::format("{}: expected tensor 'layers.1.blocks.0.attn.proj.bias', which the index "
                                  "says is here; all shards and the index belong into one folder",
                                  path(kSecond))
                          .c_str());
  writeSafetensors(path(kSecond), {{"absolute_pos_embed", Tensor::zeros({1})}});
  MIXMIM_EXPECT_ERROR(
      readWeights(path(kIndex)),
      fmt::format("{}: tensor 'absolute_pos_embed' is in another shard too", path(kSecond)).c_str());
}

TEST_F(Shards, IndexesAreReadWithoutTrust) {
  for (const char* shard : {"../model.safetensors", "/model.safetensors", "..", ""}) {
    writeFile(path(kIndex), fmt::format("{{\"weight_map\":{{\"norm.bias\":\"{}\"}}}}", shard));
    MIXMIM_EXPECT_ERROR(
        readWeights(path(kIndex)),
        (path(kIndex) + ": 'norm.bias': expected the name of a file beside the index").c_str());
  }
  writeFile(path(kIndex), std::string("{\"weight_map\":{}}"));
  MIXMIM_EXPECT_ERROR(readWeights(path(kIndex)),
                      (path(kIndex) + ": expected an object 'weight_map' of names and files").c_str());
}

TEST_F(Shards, OfTorchSaveAreRefused) {
  const std::string name = "pytorch_model-00001-of-00001.bin", index = path("pytorch_model.bin.index.json");
  writeStateDict(path(name), weights_);
  writeFile(index, fmt::format("{{\"weight_map\":{{\"norm.bias\":\"{}\"}}}}", name));
  for (const std::string& given : {path(name), index})
    MIXMIM_EXPECT_ERROR(readWeights(given),
                        (path(name) + ": is one of several files of torch.save, which are not read together; "
                                      "save the model in one file, or as safetensors")
                            .c_str());
}

}  // namespace
}  // namespace cv::mixmim::test
