// Checkpoints come back exactly; damaged ones are named and passed over.
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/open_checkpoint.hpp"

#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

Tensor numbers(std::vector<int64_t> shape, float first) {
  Tensor tensor = Tensor::zeros(std::move(shape));
  for (int64_t i = 0; i < tensor.elements(); ++i) tensor.as<float>()[i] = first + static_cast<float>(i);
  return tensor;
}

TrainerState stateOf(int64_t step) {
  TrainerState state;
  state.weights["norm.weight"] = numbers({4}, static_cast<float>(step));
  state.weights["head.weight"] = numbers({2, 3}, 0.1f);
  state.optimizer["norm.weight.exp_avg"] = numbers({4}, -static_cast<float>(step));
  state.optimizer["step"] = Tensor::zeros({}, DType::kI64);
  *state.optimizer["step"].as<int64_t>() = step;
  return state;
}

CheckpointInfo infoOf(int64_t step) {
  CheckpointInfo info;
  info.config = resolve(Task::kFinetune, {{"optim.lr", "0.00012345678901234567", "test"},
                                          {"optim.eps", "1e-8", "test"},
                                          {"run.seed", "18446744073709551615", "test"}});
  info.labels = {"n01440764", "a \"label\"\nin two lines", ""};
  info.step = step;
  info.epoch = static_cast<double>(step) / 3;
  info.dataFingerprint = "c0ffee";
  info.best = 0.1 + 0.2;
  return info;
}

std::string readFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void flipByte(const fs::path& path, int64_t fromEnd) {
  std::string bytes = readFile(path);
  bytes.at(bytes.size() - static_cast<size_t>(fromEnd)) ^= 0x10;
  writeFile(path, bytes);
}

/// A run folder with checkpoints of these steps.
class Checkpoint : public ::testing::Test {
 protected:
  std::string folder(int64_t step) const { return run_ / fmt::format("checkpoints/step-{}", step); }
  void write(int64_t step) { writeCheckpoint(folder(step), stateOf(step), infoOf(step)); }
  std::string run() const { return run_.path(); }
  std::vector<std::string> names() const {  // of everything beside the checkpoints, hidden or not
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(run_ / "checkpoints"))
      found.push_back(entry.path().filename());
    std::sort(found.begin(), found.end());
    return found;
  }

  TempFolder run_;
};

using Names = std::vector<std::string>;

TEST_F(Checkpoint, ComesBackExactly) {
  write(7);
  const CheckpointInfo info = readCheckpointInfo(folder(7)), expected = infoOf(7);
  EXPECT_EQ(toJson(info.config), toJson(expected.config));
  EXPECT_EQ(info.config.optim.lr, 0.00012345678901234567);
  EXPECT_EQ(info.config.optim.eps, 1e-8);
  EXPECT_EQ(info.config.run.seed, 18446744073709551615u);
  EXPECT_EQ(info.config.run.task, Task::kFinetune);
  EXPECT_EQ(info.labels, expected.labels);
  EXPECT_EQ(info.step, 7);
  EXPECT_EQ(info.epoch, expected.epoch);
  EXPECT_EQ(info.dataFingerprint, expected.dataFingerprint);
  EXPECT_EQ(info.best, expected.best);
  const TrainerState state = readTrainerState(folder(7)), written = stateOf(7);
  expectEqual(state.weights, written.weights);
  expectEqual(state.optimizer, written.optimizer);
  EXPECT_EQ(names(), Names{"step-7"});
}

TEST_F(Checkpoint, EveryDoubleComesBackExactly) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> share(0, 1);
  for (int i = 0; i < 20; ++i) {
    CheckpointInfo info = infoOf(1);
    const double lr = info.config.optim.baseLr = share(random), top1 = info.best = share(random);
    writeCheckpoint(folder(1), stateOf(1), info);
    EXPECT_EQ(readCheckpointInfo(folder(1)).config.optim.baseLr, lr);
    EXPECT_EQ(readCheckpointInfo(folder(1)).best, top1);
  }
}

TEST_F(Checkpoint, IsFoundByEveryUsefulPath) {
  write(6);
  write(7);
  linkCheckpoint(folder(7), "last");
  for (const std::string& path : {folder(7), folder(7) + "/", folder(7) + "/state.json",
                                  folder(7) + "/model.safetensors", run(), run() + "/checkpoints/last"}) {
    EXPECT_EQ(readCheckpointInfo(path).step, 7) << path;
    EXPECT_EQ(verifyCheckpoint(path).step, 7) << path;
    expectEqual(readWeights(path), stateOf(7).weights);
    expectEqual(readTrainerState(path).optimizer, stateOf(7).optimizer);
  }
}

TEST_F(Checkpoint, WeightsMayComeFromAPlainFile) {
  const std::string path = run_ / "weights.safetensors";
  TensorMap weights = stateOf(3).weights;
  weights["patch_embed.norm.bias"] = Tensor::zeros({4});
  writeSafetensors(path, weights);
  expectEqual(readWeights(path), weights);
}

/// Tools of PyTorch ask for the word before they read a file.
TEST_F(Checkpoint, TensorsSayTheyAreForPytorch) {
  writeCheckpoint(folder(7), stateOf(7), infoOf(7));
  Metadata metadata;
  readSafetensors(folder(7) + "/model.safetensors", &metadata);
  EXPECT_EQ(metadata, (Metadata{{"format", "pt"}}));
}

TEST_F(Checkpoint, OfWeightsAloneCannotBeResumed) {
  TrainerState state = stateOf(7);
  state.optimizer.clear();
  writeCheckpoint(folder(7), state, infoOf(7));
  expectEqual(readWeights(folder(7)), state.weights);
  EXPECT_EQ(verifyCheckpoint(folder(7)).step, 7);
  const std::string message =
      folder(7) + ": holds weights but no optimiser state; start from it with --init instead of --resume";
  MIXMIM_EXPECT_ERROR(readTrainerState(folder(7)), message.c_str());
}

#define NAME_A_CHECKPOINT "; name a checkpoint folder, a file in it, or a run folder"

TEST_F(Checkpoint, SaysWhatIsNotOne) {
  const std::string missing = run_ / "nothing",
                    none = missing + ": there is no such checkpoint" NAME_A_CHECKPOINT,
                    empty = run() + ": is not a checkpoint, it has no state.json" NAME_A_CHECKPOINT;
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(missing), none.c_str());
  MIXMIM_EXPECT_ERROR(readWeights(missing), none.c_str());
  MIXMIM_EXPECT_ERROR(readTrainerState(run()), empty.c_str());
}

struct Damage {
  const char* name;
  void (*harm)(const fs::path& checkpoint, const fs::path& other);
  const char* file;  // the message begins with the checkpoint's path and this
  const char* message;
};

class DamagedCheckpoint : public Checkpoint, public ::testing::WithParamInterface<Damage> {};

TEST_P(DamagedCheckpoint, IsNamedAndPassedOver) {
  write(1);
  write(2);
  GetParam().harm(folder(2), folder(1));
  const std::string message = folder(2) + GetParam().file + ": " + GetParam().message;
  MIXMIM_EXPECT_ERROR(readTrainerState(folder(2)), message.c_str());
  MIXMIM_EXPECT_ERROR(verifyCheckpoint(folder(2)), message.c_str());
  Names skipped;
  EXPECT_EQ(newestCheckpoint(run(), &skipped), folder(1));
  EXPECT_EQ(skipped, Names{message});
}

const char *const kModel = "model.safetensors", *const kOptimizer = "optimizer.safetensors";

void copyOver(const fs::path& from, const fs::path& to) {
  fs::copy_file(from, to, fs::copy_options::overwrite_existing);
}

#define BY_HAND \
  "does not belong to the state.json beside it; the checkpoint is damaged or was put together by hand"
INSTANTIATE_TEST_SUITE_P(
    Files, DamagedCheckpoint,
    ::testing::Values(
        Damage{"NoState", [](auto& harmed, auto&) { fs::remove(harmed / "state.json"); }, "",
               "is not a checkpoint, it has no state.json" NAME_A_CHECKPOINT},
        Damage{"EmptyState", [](auto& harmed, auto&) { fs::resize_file(harmed / "state.json", 0); },
               "/state.json", "is damaged: its content does not match its checksum"},
        Damage{"ChangedState", [](auto& harmed, auto&) { flipByte(harmed / "state.json", 200); },
               "/state.json", "is damaged: its content does not match its checksum"},
        Damage{"NoModel", [](auto& harmed, auto&) { fs::remove(harmed / kModel); }, "/model.safetensors",
               "cannot be read: No such file or directory"},
        Damage{"EmptyModel", [](auto& harmed, auto&) { fs::resize_file(harmed / kModel, 0); },
               "/model.safetensors", "is too short to be a safetensors file"},
        Damage{
            "TruncatedModel",
            [](auto& harmed, auto&) { fs::resize_file(harmed / kModel, fs::file_size(harmed / kModel) - 1); },
            "/model.safetensors", "expected 40 bytes of tensors, got 39; the file is cut off or damaged"},
        Damage{"FlippedByteInTheModel", [](auto& harmed, auto&) { flipByte(harmed / kModel, 1); },
               "/model.safetensors", "tensor 'norm.weight' is damaged: its content does not match its hash"},
        Damage{"FlippedByteInTheOptimizer", [](auto& harmed, auto&) { flipByte(harmed / kOptimizer, 1); },
               "/optimizer.safetensors",
               "tensor 'norm.weight.exp_avg' is damaged: its content does not match its hash"},
        Damage{"NoOptimizer", [](auto& harmed, auto&) { fs::remove(harmed / kOptimizer); },
               "/optimizer.safetensors", "cannot be read: No such file or directory"},
        Damage{"OptimizerOfAnother",
               [](auto& harmed, auto& other) { copyOver(other / kOptimizer, harmed / kOptimizer); },
               "/optimizer.safetensors", BY_HAND},
        Damage{"ModelOfAnother", [](auto& harmed, auto& other) { copyOver(other / kModel, harmed / kModel); },
               "/model.safetensors", BY_HAND},
        Damage{"StateOfAnother",
               [](auto& harmed, auto& other) { copyOver(other / "state.json", harmed / "state.json"); },
               "/model.safetensors", BY_HAND}),
    [](const ::testing::TestParamInfo<Damage>& tested) { return std::string(tested.param.name); });

TEST_F(Checkpoint, ReplacesAnOlderOneOfItsName) {
  write(7);
  writeFile(fs::path(folder(7)) / "stranger", std::string("goes with it"));
  writeCheckpoint(folder(7), stateOf(8), infoOf(8));
  EXPECT_EQ(readCheckpointInfo(folder(7)).step, 8);
  expectEqual(readWeights(folder(7)), stateOf(8).weights);
  EXPECT_FALSE(fs::exists(fs::path(folder(7)) / "stranger"));
  EXPECT_EQ(names(), Names{"step-7"});
}

TEST_F(Checkpoint, AFailedWriteLeavesTheOldOne) {
  write(7);
  TrainerState bad = stateOf(8);
  bad.optimizer["norm.weight.exp_avg"].shape = {5};
  const std::string message = fmt::format(
      "{}: the checkpoint cannot be written: {}/checkpoints/.step-7.new/optimizer.safetensors: tensor "
      "'norm.weight.exp_avg': expected 20 bytes for its shape, got 16; older checkpoints are intact",
      folder(7), run());
  MIXMIM_EXPECT_ERROR((writeCheckpoint(folder(7), bad, infoOf(8)), 0), message.c_str());
  EXPECT_EQ(readCheckpointInfo(folder(7)).step, 7);
  EXPECT_EQ(names(), Names{"step-7"});
}

TEST_F(Checkpoint, NewestIsTheOneOfTheMostSteps) {
  EXPECT_EQ(newestCheckpoint(run(), nullptr), "");
  for (const int64_t step : {9, 1000, 20, 0}) write(step);
  for (const int64_t step : {1000, 20, 9, 0}) {
    EXPECT_EQ(newestCheckpoint(run(), nullptr), folder(step));
    fs::remove_all(folder(step));
  }
}

TEST_F(Checkpoint, WhereNoneIsGoodEachIsNamed) {
  write(1);
  write(2);
  fs::remove(folder(1) + "/state.json");
  flipByte(folder(2) + "/model.safetensors", 1);
  const std::string message =
      run() + ": has 2 checkpoints, and none can be read: " + folder(1) +
      ": is not a checkpoint, it has no state.json" NAME_A_CHECKPOINT "; " + folder(2) +
      "/model.safetensors: tensor 'norm.weight' is damaged: its content does not match its hash";
  MIXMIM_EXPECT_ERROR(newestCheckpoint(run(), nullptr), message.c_str());
  MIXMIM_EXPECT_ERROR(readCheckpointInfo(run()), message.c_str());
}

/// How a copy of a run may come out.
struct Copy {
  const char* name;
  void (*change)(const fs::path& checkpoints);
  int64_t last, best;
};

class CopiedRun : public Checkpoint, public ::testing::WithParamInterface<Copy> {};

TEST_P(CopiedRun, IsReadAsItWas) {
  for (const int64_t step : {1, 2, 3}) {
    CheckpointInfo info = infoOf(step);
    info.bestStep = std::min<int64_t>(step, 2);
    writeCheckpoint(folder(step), stateOf(step), info);
  }
  linkCheckpoint(folder(3), "last");
  linkCheckpoint(folder(2), "best");
  GetParam().change(run_ / "checkpoints");
  EXPECT_EQ(readCheckpointInfo(run()).step, GetParam().last);
  EXPECT_EQ(readCheckpointInfo(run() + "/checkpoints/last").step, GetParam().last);
  EXPECT_EQ(verifyCheckpoint(newestCheckpoint(run(), nullptr)).step, GetParam().last);
  EXPECT_EQ(readCheckpointInfo(bestCheckpoint(run())).step, GetParam().best);
  EXPECT_EQ(readCheckpointInfo(run() + "/checkpoints/best").step, GetParam().best);
  write(4);
  for (const char* name : {"last", "best"}) {
    linkCheckpoint(folder(4), name);
    EXPECT_EQ(fs::read_symlink(run_ / "checkpoints" / name), "step-4");
  }
}

void withoutLinks(const fs::path& checkpoints) {
  for (const char* name : {"last", "best"}) fs::remove(checkpoints / name);
}

/// As `cp -rL`, many archives and clouds do.
void linksFollowed(const fs::path& checkpoints) {
  for (const char* name : {"last", "best"}) {
    const fs::path target = checkpoints / fs::read_symlink(checkpoints / name);
    fs::remove(checkpoints / name);
    fs::copy(target, checkpoints / name);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ways, CopiedRun,
    ::testing::Values(Copy{"Whole", [](auto&) {}, 3, 2}, Copy{"WithoutLinks", withoutLinks, 3, 2},
                      Copy{"LinksFollowed", linksFollowed, 3, 2},
                      Copy{"LinksAsTextFiles",
                           [](auto& folder) {
                             withoutLinks(folder);
                             writeFile(folder / "last", std::string("step-3"));
                             writeFile(folder / "best", std::string("step-2"));
                           },
                           3, 2},
                      Copy{"OnlyTheFoldersThatWereLinks",
                           [](auto& folder) {
                             linksFollowed(folder);
                             for (const char* step : {"step-1", "step-2", "step-3"})
                               fs::remove_all(folder / step);
                           },
                           3, 2},
                      Copy{"LinkedSteps",
                           [](auto& folder) {
                             withoutLinks(folder);
                             fs::rename(folder / "step-3", folder / "elsewhere");
                             fs::create_directory_symlink("elsewhere", folder / "step-3");
                           },
                           3, 2},
                      Copy{"NewestDamaged",
                           [](auto& folder) {
                             withoutLinks(folder);
                             flipByte(folder / "step-3" / "model.safetensors", 1);
                           },
                           2, 2},
                      Copy{"ALinkLeftBehind",  // killed between checkpoint and link
                           [](auto& folder) {
                             fs::remove(folder / "last");
                             fs::create_directory_symlink("step-2", folder / "last");
                             fs::rename(folder / "last", folder / "best");
                           },
                           3, 2}),
    [](const ::testing::TestParamInfo<Copy>& tested) { return std::string(tested.param.name); });

TEST_F(Checkpoint, LeftOversAreIgnored) {
  write(7);
  const fs::path checkpoints = run_ / "checkpoints";
  fs::copy(folder(7), checkpoints / ".step-8.new", fs::copy_options::recursive);
  fs::create_directory(checkpoints / ".step-9.new");
  writeFile(checkpoints / "step-10", std::string("a file"));
  linkCheckpoint(folder(7), "last");
  Names skipped;
  EXPECT_EQ(newestCheckpoint(run(), &skipped), folder(7));
  EXPECT_EQ(skipped, Names{});
  removeLeftOvers(run());
  EXPECT_EQ(names(), (Names{"last", "step-10", "step-7"}));
  write(8);
  EXPECT_EQ(readCheckpointInfo(folder(8)).step, 8);
}

TEST_F(Checkpoint, AnInterruptedReplacementIsTakenBack) {
  write(7);
  fs::rename(folder(7), run_ / "checkpoints/.step-7.old");
  EXPECT_EQ(newestCheckpoint(run(), nullptr), folder(7));
  EXPECT_EQ(readCheckpointInfo(folder(7)).step, 7);
}

TEST_F(Checkpoint, LinksAreRelativeAndMoveWithTheRun) {
  write(7);
  write(8);
  const fs::path last = run_ / "checkpoints/last";
  linkCheckpoint(folder(7), "last");
  EXPECT_EQ(fs::read_symlink(last), "step-7");
  linkCheckpoint(folder(8) + "/", "last");
  EXPECT_EQ(fs::read_symlink(last), "step-8");
  EXPECT_EQ(names(), (Names{"last", "step-7", "step-8"}));
  const TempFolder elsewhere;
  fs::rename(run_ / "checkpoints", elsewhere / "checkpoints");
  EXPECT_EQ(readCheckpointInfo(elsewhere.path()).step, 8);
}

TEST_F(Checkpoint, ALinkReplacesNoFolderOfOthers) {
  write(7);
  fs::create_directory(run_ / "checkpoints/last");
  linkCheckpoint(folder(7), "last");  // an empty folder is nobody's
  fs::remove(run_ / "checkpoints/last");
  fs::create_directory(run_ / "checkpoints/last");
  writeFile(run_ / "checkpoints/last/notes.txt", std::string("mine"));
  const std::string message =
      fmt::format("{}/checkpoints/last: cannot be pointed at {}: Is a directory", run(), folder(7));
  MIXMIM_EXPECT_ERROR((linkCheckpoint(folder(7), "last"), 0), message.c_str());
  EXPECT_EQ(names(), (Names{"last", "step-7"}));
  EXPECT_EQ(readCheckpointInfo(run()).step, 7);
}

TEST_F(Checkpoint, PruningKeepsTheNewestTheBestAndWhatLinksName) {
  for (int64_t step = 1; step <= 12; ++step) {
    CheckpointInfo info = infoOf(step);
    info.bestStep = 6;
    writeCheckpoint(folder(step), stateOf(step), info);
  }
  linkCheckpoint(folder(3), "best");
  linkCheckpoint(folder(4), "last");
  fs::create_directory(run_ / "checkpoints/.step-5.new");  // of another process, it may be
  pruneCheckpoints(run(), 2);
  const Names left{".step-5.new", "best", "last", "step-11", "step-12", "step-3", "step-4", "step-6"};
  EXPECT_EQ(names(), left);
  fs::remove(run_ / "checkpoints/best");
  fs::remove(run_ / "checkpoints/last");
  pruneCheckpoints(run(), 1);
  EXPECT_EQ(names(), (Names{".step-5.new", "step-12", "step-6"}));
}

}  // namespace
}  // namespace cv::mixmim::test
