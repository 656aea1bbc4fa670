// Each verb on tiny data, from pictures to a deployed model.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <sstream>

#include <fmt/format.h>

#include "model/parameters.hpp"
#include "model_io/checkpoints/checkpoint.hpp"
#include "model_io/pth/pth.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

class Verbs : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new TempFolder;
    makeData(folder_->path(), 12);
    ASSERT_EQ(mixmim(here(), tinyRun("pretrain", "pre")).exitCode, 0);
    ASSERT_EQ(
        mixmim(here(),
               tinyRun("finetune", "fine",  // the classes differ in brightness, which RandAugment changes
                       "--init pre --lr 0.5 --mix.mixup 0 --mix.cutmix 0 --augment.randLayers 0 --epochs 20"))
            .exitCode,
        0);
    ASSERT_EQ(
        mixmim(here(),
               "export --model small --size 32 --model.classes 3 --out model.onnx --run.trainer ./none.so")
            .exitCode,
        0);
  }
  static void TearDownTestSuite() { delete folder_; }

  static fs::path here() { return folder_->path(); }

  /// The JSON answer of a command that must succeed.
  static json::object answer(const std::string& arguments) {
    const Outcome outcome = mixmim(here(), arguments);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    boost::system::error_code error;
    const json::value value = json::parse(outcome.out, error);
    EXPECT_FALSE(error) << outcome.out;
    return error ? json::object() : value.as_object();
  }

  static TempFolder* folder_;
};

TempFolder* Verbs::folder_ = nullptr;

TEST_F(Verbs, CheckCountsAndFindsNothingBad) {
  const json::object result = answer("check --data train --json");
  EXPECT_EQ(result.at("images"), 24);
  EXPECT_EQ(result.at("classes"), 2);
  EXPECT_EQ(result.at("formats").at("PNG"), 24);
  EXPECT_TRUE(result.at("bad").as_array().empty());
}

TEST_F(Verbs, PackedImagesAreTheSameDataSet) {
  const json::object packed = answer("pack --data train --out packed --name x --shard-size 64k --json");
  EXPECT_EQ(packed.at("images"), 24);
  const std::string shards = packed.at("data").as_string().c_str();
  const json::object result = answer("check --json --data '" + shards + "'");
  EXPECT_EQ(result.at("images"), 24);
  EXPECT_EQ(result.at("per_class"), answer("check --data train --json").at("per_class"));
  EXPECT_TRUE(result.at("bad").as_array().empty());

  for (const auto& [data, out] :
       {std::pair<std::string, std::string>{"train", "from_folder"}, {shards, "from_shards"}})
    ASSERT_EQ(
        mixmim(here(), "augment --recipe finetune --size 32 --count 8 --data '" + data + "' --out " + out)
            .exitCode,
        0);
  for (int i = 0; i < 8; ++i) {
    const std::string name = "picture-00000" + std::to_string(i) + ".png";
    EXPECT_EQ(contentOf(here() / "from_folder" / name), contentOf(here() / "from_shards" / name)) << name;
  }
}

TEST_F(Verbs, PackingNeverOverwrites) {
  const Outcome outcome = mixmim(here(), "pack --data train --out val");
  EXPECT_EQ(outcome.exitCode, 1);
  EXPECT_EQ(outcome.err,
            "mixmim: error: val: expected an empty folder; packing never overwrites; remove it or give "
            "another --out\n");
  EXPECT_EQ(mixmim(here(), "pack --data train --out new --shard-size 3x").exitCode, 2);
}

TEST_F(Verbs, RunFolderHoldsWhatItShould) {
  for (const char* name : {"config.ini", "metrics.jsonl", "train.log", "checkpoints/last/state.json",
                           "checkpoints/last/model.safetensors", "checkpoints/last/optimizer.safetensors"})
    EXPECT_TRUE(fs::exists(here() / "pre" / name)) << name;
  EXPECT_TRUE(fs::exists(here() / "fine" / "checkpoints" / "best" / "state.json"));
  const std::vector<json::object> lines = jsonLinesOf(here() / "pre" / "metrics.jsonl");
  for (const json::object& line : lines)
    for (const char* key :
         {"step", "epoch", "loss", "lr", "grad_norm", "images_per_second", "data_wait_percent", "memory"})
      EXPECT_TRUE(line.contains(key)) << key;
  EXPECT_FALSE(lines.empty());
}

TEST_F(Verbs, EvalMeasuresWhatWasLearned) {
  const json::object result =
      answer("eval --model fine --data val --json --csv confusion.csv --run.trainer " MIXMIM_TEST_PLUGINS
             "/fake_trainer.so");
  EXPECT_EQ(result.at("images"), 24);
  EXPECT_EQ(result.at("top1").to_number<double>(), 1.0);
  const auto perfect = [](const char* label) {
    return json::object{{"label", label}, {"images", 12}, {"top1", 1},
                        {"precision", 1}, {"recall", 1},  {"f1", 1}};
  };
  EXPECT_EQ(result.at("per_class"), (json::array{perfect("dark"), perfect("light")}));
  EXPECT_EQ(result.at("macro"), (json::object{{"precision", 1}, {"recall", 1}, {"f1", 1}}));
  EXPECT_EQ(result.at("confusion"), (json::array{json::array{12, 0}, json::array{0, 12}}));
  EXPECT_EQ(contentOf(here() / "confusion.csv"), "true class,dark,light\ndark,12,0\nlight,0,12\n");
}

/// Both paths to an answer write the same table, in the order of the data set.
TEST_F(Verbs, EvalWritesAnAnswerForEveryPicture) {
  writeFile(here() / "two.txt", std::string("dark\r\nlight\r\n"));
  answer(
      "export --model small --size 32 --model.classes 2 --labels two.txt --out two.onnx --run.trainer "
      "./none.so "
      "--json");
  for (const std::string model : {"two.onnx", "fine"}) {
    SCOPED_TRACE(model);
    answer("eval --model " + model +
           " --data val --json --answers answers.csv --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so");
    std::istringstream lines(contentOf(here() / "answers.csv"));
    std::string line;
    std::getline(lines, line);
    EXPECT_EQ(line, "path,label,answer,probability");
    for (const char* label : {"dark", "light"})
      for (const int number : {0, 1, 10, 11, 2}) {
        std::getline(lines, line);
        const std::string start = fmt::format("val/{0}/{1}.png,{0},", label, number);
        EXPECT_EQ(line.rfind(start, 0), 0u) << line;
        const double probability = std::stod(line.substr(line.rfind(',') + 1));
        EXPECT_GT(probability, 0.5 - 1e-6);
        EXPECT_LE(probability, 1);
        if (number == 2)
          for (int rest = 0; rest < 7; ++rest) std::getline(lines, line);
      }
    EXPECT_FALSE(std::getline(lines, line)) << line;
  }
}

/// A class of the model, another order and other names: the accuracy is that of the pictures that are there.
TEST_F(Verbs, EvalMatchesClassesByName) {
  const std::string eval =
      "eval --model fine --json --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so --data ";
  fs::create_directories(here() / "some");
  fs::copy(here() / "val/light", here() / "some/light", fs::copy_options::recursive);
  const Outcome some = mixmim(here(), eval + "some");
  EXPECT_EQ(json::parse(some.out).at("images"), 12);
  EXPECT_EQ(json::parse(some.out).at("top1").to_number<double>(), 1);
  EXPECT_NE(some.err.find("some: has 1 of the model's 2 classes, matched by name\n"), std::string::npos)
      << some.err;

  fs::create_directories(here() / "renamed");
  fs::copy(here() / "val/light", here() / "renamed/a", fs::copy_options::recursive);
  fs::copy(here() / "val/dark", here() / "renamed/b", fs::copy_options::recursive);
  EXPECT_EQ(mixmim(here(), eval + "renamed").exitCode, 1);
  writeFile(here() / "map.csv", std::string("a,light\nb,0\n"));
  EXPECT_EQ(answer(eval + "renamed --class-map map.csv").at("top1").to_number<double>(), 1);
}

TEST_F(Verbs, EvalQuotesLabelsForCsv) {
  fs::create_directories(here() / "odd");
  fs::copy(here() / "train" / "dark", here() / "odd" / "12\" disc", fs::copy_options::recursive);
  fs::copy(here() / "train" / "light", here() / "odd" / "salt, pepper", fs::copy_options::recursive);
  ASSERT_EQ(mixmim(here(), tinyRun("finetune", "odd-run", "--data odd --val odd --epochs 1")).exitCode, 0);
  answer("eval --model odd-run --data odd --json --csv odd.csv --run.trainer " MIXMIM_TEST_PLUGINS
         "/fake_trainer.so");
  const std::string table = contentOf(here() / "odd.csv"),
                    head = "true class,\"12\"\" disc\",\"salt, pepper\"\n\"12\"\" disc\",";
  EXPECT_EQ(table.substr(0, head.size()), head);
}

TEST_F(Verbs, ProbeSeesTheDifference) {
  const json::object result =
      answer("probe --init pre --data train --val val --knn 3 --json --run.trainer " MIXMIM_TEST_PLUGINS
             "/fake_trainer.so");
  EXPECT_EQ(result.at("linear_top1").to_number<double>(), 1.0);
  EXPECT_EQ(result.at("images"), 24);
}

TEST_F(Verbs, ProbeNamesWhatItLeavesOut) {
  fs::copy(here() / "val", here() / "holed", fs::copy_options::recursive);
  fs::resize_file(here() / "holed/light/3.png", 40);
  const Outcome outcome =
      mixmim(here(), "probe --init pre --data train --val holed --json --run.trainer " MIXMIM_TEST_PLUGINS
                     "/fake_trainer.so");
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(json::parse(outcome.out).at("images"), 23);
  EXPECT_NE(outcome.err.find("left out: holed/light/3.png: "), std::string::npos) << outcome.err;
}

TEST_F(Verbs, EvalTellsPeopleTheSame) {
  const Outcome outcome =
      mixmim(here(), "eval --model fine --data val --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so");
  EXPECT_EQ(outcome.out.rfind("24 images, top-1 100.00 %, top-5 100.00 %, loss ", 0), 0u) << outcome.out;
  const std::string end =
      "\n\nclass                      images    top-1 precision    recall        F1\n"
      "dark                           12  100.0 %   100.0 %   100.0 %   100.0 %\n"
      "light                          12  100.0 %   100.0 %   100.0 %   100.0 %\n"
      "\nmacro averages: precision 100.00 %, recall 100.00 %, F1 100.00 %\n";
  ASSERT_GT(outcome.out.size(), end.size());
  EXPECT_EQ(outcome.out.substr(outcome.out.size() - end.size()), end);
}

TEST_F(Verbs, ExportSaysWhenThereWasNoTrainerToCompareWith) {
  const json::object result = answer(
      "export --model small --size 32 --model.classes 2 --out other.onnx --run.trainer ./none.so --json");
  EXPECT_EQ(result.at("file"), "other.onnx");
  EXPECT_EQ(result.at("bytes"), fs::file_size(here() / "other.onnx"));
  EXPECT_TRUE(result.at("max_abs_error").is_null());
}

TEST_F(Verbs, ExportSurvivesATrainerThatFails) {
  const std::string plugins = MIXMIM_TEST_PLUGINS;
  const std::pair<std::string, const char*> cases[] = {
      {"./none.so", "./none.so: there is no such plugin file"},
      {plugins + "/fake_trainer.so", "fake trainer: expected weights"},
      {plugins + "/throwing.so", "throwing: out of ideas"},
      {plugins + "/dying.so", "its process was killed by signal 9 (Killed)"}};
  for (const auto& [trainer, reason] : cases) {
    SCOPED_TRACE(trainer);
    const std::string command =
        "export --model small --size 32 --model.classes 2 --out other.onnx --run.trainer " + trainer;
    const Outcome outcome = mixmim(here(), command);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    EXPECT_NE(outcome.out.find("MB, 2 classes\nnot compared with the trainer: " + std::string(reason) + "\n"),
              std::string::npos)
        << outcome.out;
    EXPECT_EQ(outcome.out.find("so long"), std::string::npos) << "the trainer writes among the results";
  }
}

TEST_F(Verbs, WhatExportAsksOfThisProgramIsNoVerb) {
  const Outcome outcome = mixmim(here(), "trainer-scores 3>&-");
  EXPECT_EQ(outcome.exitCode, 2);
  EXPECT_EQ(outcome.err,
            "mixmim: error: mixmim trainer-scores: is a part of `mixmim export`, which starts it\n");
}

TEST_F(Verbs, ExportSaysWhatEightBitProductsChange) {
  writeFile(here() / "labels.txt", std::string("dark\nlight\n"));
  const std::string command =
      "export --model small --size 32 --model.classes 2 --labels labels.txt --out checked.onnx --check val "
      "--run.trainer ./none.so";
  const json::object check = answer(command + " --json").at("check").as_object();
  const json::object evaluated = answer("eval --model checked.onnx --data val --json");
  EXPECT_EQ(check.at("images"), evaluated.at("images"));
  EXPECT_EQ(check.at("top1"), evaluated.at("top1"));
  const std::string text = mixmim(here(), command).out;
  EXPECT_NE(text.find("top-1 on 24 pictures: "), std::string::npos) << text;
  const Outcome inBytes = mixmim(here(), "eval --model checked.onnx --data val --int8 --json");
  if (inBytes.exitCode == 0) {
    EXPECT_EQ(check.at("top1_int8"), json::parse(inBytes.out).at("top1"));
    EXPECT_LE(check.at("same_answer").to_number<int64_t>(), check.at("images").to_number<int64_t>());
    EXPECT_NE(text.find(" %, with --int8 "), std::string::npos) << text;
  } else {  // no AVX-512 VNNI here
    EXPECT_TRUE(check.at("top1_int8").is_null());
    EXPECT_NE(text.find("; not with --int8: "), std::string::npos) << text;
  }
  const Outcome unlabelled = mixmim(here(), command + " --head features");
  EXPECT_EQ(unlabelled.exitCode, 2);
}

TEST_F(Verbs, PredictAnswersForEachPicture) {
  const json::object result =
      answer("predict --model model.onnx --top 2 --json train/dark/0.png train/light/0.png");
  const json::array& all = result.at("results").as_array();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].at("path"), "train/dark/0.png");
  EXPECT_EQ(all[0].at("top").as_array().size(), 2u);
  EXPECT_GT(all[0].at("ms").to_number<double>(), 0);
}

TEST_F(Verbs, ShowWritesASheet) {
  const Outcome outcome = mixmim(
      here(),
      "show --init pre --out sheet.png train/dark/0.png train/light/0.png --run.trainer " MIXMIM_TEST_PLUGINS
      "/fake_trainer.so");
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_EQ(cv::imread((here() / "sheet.png").string()).size(), cv::Size(5 * 230 - 6, 28 + 230));
}

TEST_F(Verbs, AugmentWritesPicturesAndParameters) {
  const Outcome outcome =
      mixmim(here(), "augment --data train --out look --count 8 --batch 4 --model small --size 16");
  EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
  const std::vector<json::object> lines = jsonLinesOf(here() / "look" / "parameters.jsonl");
  for (const json::object& entry : lines) {
    EXPECT_TRUE(fs::exists(here() / "look" / std::string(entry.at("file").as_string())));
    EXPECT_TRUE(entry.at("crop").as_object().contains("height"));
    EXPECT_EQ(entry.at("mask").as_string().size(), 1u);  // 16 px under a stride of 16
  }
  EXPECT_EQ(lines.size(), 8u);
}

TEST_F(Verbs, InfoTellsWhatAModelSaysOfItself) {
  const json::object about = answer("info model.onnx --json");
  EXPECT_EQ(about.at("kind"), "onnx");
  EXPECT_EQ(about.at("inputs"), (json::object{{"image", "batch x 3 x 32 x 32"}}));
  EXPECT_EQ(about.at("outputs"), (json::object{{"logits", "batch x 3"}}));
  EXPECT_EQ(about.at("weights"), "fp32");
  EXPECT_EQ(about.at("opset"), 11);
  EXPECT_EQ(about.at("head"), "logits");
  EXPECT_EQ(about.at("output"), "logits, N x classes: scores before softmax");
  EXPECT_EQ(about.at("classes"), 3);
  EXPECT_EQ(about.at("eval_crop").to_number<double>(), 0.875);
  EXPECT_EQ(about.at("facts"), (json::object{{"model", "small"}, {"steps", "0"}}));
  EXPECT_EQ(about.at("model").at("encoder"), "mixmim");
  EXPECT_EQ(about.at("model").at("embedDim"), 32);
  EXPECT_EQ(about.at("golden").at("numbers"), 3);
  EXPECT_EQ(about.at("operators").at("Erf"), 7);  // one per block
  int64_t nodes = 0;
  for (const auto& type : about.at("operators").as_object()) nodes += type.value().as_int64();
  EXPECT_EQ(about.at("nodes"), nodes);
  const std::string text = mixmim(here(), "info model.onnx").out;
  for (const char* line : {"head               logits\n", "  Erf                7\n",
                           "labels             [\"0\",\"1\",\"2\"]\n"})
    EXPECT_NE(text.find(line), std::string::npos) << text;
}

TEST_F(Verbs, InfoGivesEveryPluginLinesOfItsOwn) {
  const std::string text = mixmim(here(), "info").out;
  EXPECT_NE(text.find("\nplugins\n  name               "), std::string::npos) << text;
  EXPECT_EQ(text.find('{'), std::string::npos) << text;
}

TEST_F(Verbs, InfoKnowsNoKernelsThatOnlyTestsHave) {
  const Outcome outcome = runIn(here(), "MIXMIM_KERNELS=emulated-tiles " MIXMIM_PROGRAM " info --json");
  EXPECT_NE(outcome.out.find("MIXMIM_KERNELS: expected portable, avx2, avx512 or amx, got emulated-tiles"),
            std::string::npos)
      << outcome.out;
}

TEST_F(Verbs, InfoShortensLongLists) {
  answer("export --model small --size 32 --out thousand.onnx --run.trainer ./none.so --json");
  const std::string text = mixmim(here(), "info thousand.onnx").out;
  EXPECT_NE(text.find("labels             [\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\", and 992 more]\n"),
            std::string::npos)
      << text;
  EXPECT_EQ(answer("info thousand.onnx --json").at("labels").as_array().size(), 1000u);
}

TEST_F(Verbs, InfoDescribesModelsOfOthersToo) {
  writeFile(here() / "foreign.onnx", std::string("\x08\x03\x3a\x08\x0a\x06\x22\x04Relu", 12));
  const json::object about = answer("info foreign.onnx --json");
  EXPECT_EQ(about.at("written_by_mixmim"), false);
  EXPECT_EQ(about.at("operators"), (json::object{{"Relu", 1}}));
  EXPECT_FALSE(about.contains("head"));
}

TEST_F(Verbs, InfoDescribesEverythingItIsGiven) {
  const json::object checkpoint = answer("info pre --json");
  EXPECT_EQ(checkpoint.at("kind"), "checkpoint");
  EXPECT_EQ(checkpoint.at("step"), 30);
  EXPECT_TRUE(checkpoint.at("best_top1").is_null());
  const std::string text = mixmim(here(), "info pre").out;
  for (const char* line :
       {"epoch              5\n", "best top-1         none\n", "  baseLr             0.00015\n"})
    EXPECT_NE(text.find(line), std::string::npos) << line << text;
  EXPECT_TRUE(answer("info --json").at("versions").as_object().contains("opencv"));
}

TEST_F(Verbs, BenchReportsItsFields) {
  const json::object pipeline =
      answer("bench pipeline --data train --model small --size 16 --batch 4 --seconds 1 --json");
  for (const char* key : {"images_per_second", "threads", "stages", "peak_memory_mb"})
    EXPECT_TRUE(pipeline.contains(key)) << key;
  for (const char* recipe : {"pretrain", "finetune"}) {
    const json::object train = answer(std::string("bench train --recipe ") + recipe +
                                      " --model small --size 32 --batch 4 --seconds 1 --json"
                                      " --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so");
    for (const char* key : {"ms_per_step", "images_per_second", "batch", "model", "device", "threads",
                            "stages", "peak_memory_mb"})
      EXPECT_TRUE(train.contains(key)) << recipe << ": " << key;
  }
  const Outcome unknown = mixmim(here(), "bench train --recipe eval");
  EXPECT_EQ(unknown.exitCode, 2);
  EXPECT_EQ(unknown.err, "mixmim: error: --recipe: expected pretrain or finetune, got 'eval'\n");
  const json::object predict = answer("bench predict --model model.onnx --batch 2 --seconds 1 --json");
  for (const char* key : {"ms_median", "ms_min", "ms_max", "batch", "threads", "load_ms", "peak_memory_mb"})
    EXPECT_TRUE(predict.contains(key)) << key;
}

TEST_F(Verbs, ConfigPrintsWhatItReads) {
  const Outcome published = mixmim(here(), "config --preset pretrain-base-600ep --data.batch 64");
  for (const char* line : {"\nname = base\n", "\nepochs = 600\n", "\naccumulate = 16\n", "\nbatch = 64\n"})
    EXPECT_NE(published.out.find(line), std::string::npos) << line;
  const Outcome unknown = mixmim(here(), "config --preset pretrain-base");
  EXPECT_EQ(unknown.exitCode, 2);
  EXPECT_EQ(
      unknown.err,
      "mixmim: error: --preset: expected one of pretrain, pretrain-base-600ep, pretrain-base-300ep, "
      "finetune, "
      "finetune-base-100ep, finetune-base-384, got 'pretrain-base'; did you mean 'pretrain-base-600ep'?\n");
  EXPECT_EQ(mixmim(here(), tinyRun("pretrain", "no", "--preset finetune")).err,
            "mixmim: error: --preset: 'finetune' belongs to another command\n");

  const Outcome first = mixmim(here(), "config --preset finetune --model tiny --lr 0.25");
  EXPECT_EQ(first.exitCode, 0);
  std::ofstream(here() / "again.ini") << first.out;
  EXPECT_EQ(mixmim(here(), "config --preset finetune --config again.ini").out, first.out);
  EXPECT_EQ("# finetune: the published recipe of fine-tuning, whatever the data\n\n" +
                mixmim(here(), "config --config again.ini").out,
            first.out);

  // What a run stores is what it used: the same settings again.
  ASSERT_EQ(mixmim(here(), tinyRun("finetune", "'a #1'", "--epochs 1 --lr 3e-3 --overwrite")).exitCode, 0);
  EXPECT_EQ(mixmim(here(), "config --config 'a #1/config.ini'").out, contentOf(here() / "a #1/config.ini"));
  const std::string again = "finetune --config 'a #1/config.ini' --data train";
  EXPECT_EQ(mixmim(here(), again).err,
            "mixmim: error: a #1: there is a run in this folder already; --resume auto continues it, "
            "--overwrite starts anew\n");
}

/// Weights as another program would leave them: names and numbers, nothing else.
void writeForeignWeights(const fs::path& path, const Config& config) {
  PthWriter file(path);
  file.beginDict(), file.text("model"), file.beginDict();
  for (const auto& [name, tensor] : initialWeights(config.model, config.run.task, 1))
    file.text(name), file.tensor(tensor);
  file.end(), file.end();
  file.commit();
}

TEST_F(Verbs, ForeignWeightsBecomeAModel) {
  const Config config =
      resolve(Task::kFinetune, {{"model", "small", ""}, {"size", "32", ""}, {"model.classes", "3", ""}});
  writeForeignWeights(here() / "foreign.pth", config);
  const json::object about = answer("info foreign.pth --json");
  EXPECT_EQ(about.at("kind"), "pth");
  EXPECT_EQ(about.at("source"), "official");
  const json::object model{
      {"encoder", "MixMIM"}, {"size", "small"}, {"window", "8"}, {"image", "32"}, {"classes", 3}};
  EXPECT_EQ(about.at("model"), model);
  EXPECT_EQ(about.at("config").at("model").at("name"), "small");
  EXPECT_EQ(about.at("config").at("model").at("imageSize"), 32);
  answer("export --init foreign.pth --out foreign.onnx --run.trainer ./none.so --json");
  const json::object deployed = answer("info foreign.onnx --json");
  EXPECT_EQ(deployed.at("labels"), (json::array{"0", "1", "2"}));
  EXPECT_EQ(deployed.at("input_size"), 32);
}

/// A size without a name, whose heads no tensor shows.
TEST_F(Verbs, ForeignWeightsOfPvtNeedTheWidthOfTheirHeads) {
  const Config config = resolve(Task::kFinetune, {{"model.encoder", "pvt", ""},
                                                  {"model.dims", "8,16", ""},
                                                  {"model.depths", "1,1", ""},
                                                  {"model.headDim", "4", ""},
                                                  {"size", "32", ""},
                                                  {"model.classes", "3", ""}});
  writeForeignWeights(here() / "pvt.pth", config);
  const std::string error =
      "mixmim: error: pvt.pth: does not say how wide its attention heads are: no PVT of a known size has the "
      "widths 8,16 and 1,1 blocks; pretrain, finetune and export can be told with --model.headDim\n";
  for (const char* arguments : {"info pvt.pth", "export --init pvt.pth --out ours.pth",
                                "finetune --init pvt.pth --data train --out none --run.trainer ./none.so"}) {
    const Outcome outcome = mixmim(here(), arguments);
    EXPECT_EQ(outcome.exitCode, 1) << arguments;
    EXPECT_EQ(outcome.err, error) << arguments;
  }
  answer("export --init pvt.pth --model.headDim 4 --out ours.pth --json");
  const json::object about = answer("info ours.pth --json");
  EXPECT_EQ(about.at("source"), "mixmim");
  const json::object model{
      {"encoder", "PVT"}, {"size", nullptr}, {"window", nullptr}, {"image", "32"}, {"classes", 3}};
  EXPECT_EQ(about.at("model"), model);
  EXPECT_EQ(about.at("config").at("model").at("headDim"), 4);
}

TEST_F(Verbs, ForeignWeightsAreDescribedInBrief) {
  writeForeignWeights(here() / "named.pth",
                      resolve(Task::kFinetune, {{"model", "pvt_v2_b0", ""}, {"model.classes", "1000", ""}}));
  const json::object pvtV2{
      {"encoder", "PVTv2"}, {"size", "pvt_v2_b0"}, {"window", nullptr}, {"image", "224"}, {"classes", 1000}};
  EXPECT_EQ(answer("info named.pth --json").at("model"), pvtV2);
  const std::string text = mixmim(here(), "info named.pth").out;
  EXPECT_NE(text.find("source             official\nmodel\n  encoder            PVTv2\n  size               "
                      "pvt_v2_b0\n  window             none\n"),
            std::string::npos)
      << text;
  writeForeignWeights(here() / "narrow.pth", resolve(Task::kFinetune, {{"model.encoder", "swin", ""},
                                                                       {"model.embedDim", "8", ""},
                                                                       {"model.headDim", "8", ""},
                                                                       {"model.depths", "1,1,1,1", ""},
                                                                       {"size", "384", ""},
                                                                       {"model.classes", "3", ""}}));
  const json::object swin{
      {"encoder", "Swin"}, {"size", nullptr}, {"window", "12"}, {"image", "384"}, {"classes", 3}};
  EXPECT_EQ(answer("info narrow.pth --json").at("model"), swin);
}

TEST_F(Verbs, PretrainedWeightsGiveFeaturesAndAPyramid) {
  const Config config = resolve(Task::kPretrain, {{"model", "small", ""}, {"size", "32", ""}});
  writeForeignWeights(here() / "encoder.pth", config);
  const Outcome refused = mixmim(here(), "export --init encoder.pth --out no.onnx");
  EXPECT_EQ(refused.exitCode, 1);
  EXPECT_EQ(
      refused.err,
      "mixmim: error: encoder.pth: is a pretraining checkpoint, which has no classes; fine-tune it first, or "
      "export it with --head features or --head pyramid\n");
  answer("export --init encoder.pth --head features --out features.onnx --run.trainer ./none.so --json");
  answer("export --init encoder.pth --head pyramid --opset 9 --weights fp16 --out pyramid.onnx --json");
  EXPECT_EQ(answer("info features.onnx --json").at("outputs"), (json::object{{"features", "batch x 128"}}));
  const json::object pyramid = answer("info pyramid.onnx --json");
  EXPECT_EQ(pyramid.at("outputs"), (json::object{{"feature1", "batch x 32 x 8 x 8"},
                                                 {"feature2", "batch x 64 x 4 x 4"},
                                                 {"feature3", "batch x 128 x 2 x 2"}}));
  EXPECT_EQ(pyramid.at("opset"), 9);
  EXPECT_EQ(pyramid.at("weights"), "fp16");
  EXPECT_EQ(pyramid.at("labels"), json::array());
  EXPECT_EQ(pyramid.at("golden").at("numbers"), 32 + 64 + 128);
}

TEST_F(Verbs, ExportInterpolatesForAnotherImageSize) {
  const Config config =
      resolve(Task::kFinetune, {{"model", "small", ""}, {"size", "32", ""}, {"model.classes", "3", ""}});
  writeForeignWeights(here() / "at32.pth", config);
  const Outcome outcome =
      mixmim(here(),
             "export --init at32.pth --size 48 --augment.evalCrop 1 --out at48.onnx --run.trainer ./none.so");
  EXPECT_EQ(outcome.exitCode, 0);
  EXPECT_EQ(outcome.err, "at32.pth: interpolated from 32 px to 48 px\n");
  const json::object about = answer("info at48.onnx --json");
  EXPECT_EQ(about.at("input_size"), 48);
  EXPECT_EQ(about.at("eval_crop").to_number<double>(), 1);
  EXPECT_EQ(about.at("facts").at("trained_at_px"), "32");
}

TEST_F(Verbs, ExportTakesTheRuleOfEvaluation) {
  const Config config =
      resolve(Task::kFinetune, {{"model", "small", ""}, {"size", "32", ""}, {"model.classes", "3", ""}});
  writeForeignWeights(here() / "judged.pth", config);
  for (const auto& [given, rule, crop] :
       {std::tuple("", "official", 0.875), std::tuple("--eval-rule timm", "timm", 0.9),
        std::tuple("--eval-rule timm --augment.evalCrop 0.95", "timm", 0.95),
        std::tuple("--eval-rule stretch", "stretch", 0.875)}) {
    mixmim(here(),
           std::string("export --init judged.pth --out judged.onnx --run.trainer ./none.so ") + given);
    const json::object about = answer("info judged.onnx --json");
    EXPECT_EQ(about.at("eval_rule"), rule) << given;
    EXPECT_EQ(about.at("eval_crop").to_number<double>(), crop) << given;
  }
  const Outcome asked = mixmim(here(), "eval --model judged.onnx --data val --eval-rule timm");
  EXPECT_EQ(asked.exitCode, 2);
  EXPECT_EQ(asked.err,
            "mixmim: error: --eval-rule: only for a checkpoint; an .onnx holds its rule, export it with "
            "another\n");
}

struct WrongExport {
  const char *arguments, *message;
  int exitCode;
};

TEST_F(Verbs, ExportNamesWhatIsWrong) {
  const Config config =
      resolve(Task::kFinetune, {{"model", "small", ""}, {"size", "32", ""}, {"model.classes", "3", ""}});
  writeForeignWeights(here() / "three.pth", config);
  writeFile(here() / "two.txt", std::string("cat\ndog\n"));
  writeFile(here() / "latin.txt", std::string("blau\ngr\xFCn\nrot\n"));
  const WrongExport all[] = {
      {"--head boxes", "--head: expected logits, probabilities, features or pyramid, got 'boxes'", 2},
      {"--weights int8", "--weights: expected fp32 or fp16, got 'int8'", 2},
      {"--opset 10", "--opset: expected 11 or 9, got '10'", 2},
      {"--init three.pth --head features --labels two.txt", "--labels: the head features has no classes", 2},
      {"--init three.pth --labels latin.txt",
       "label 'gr\\xFCn': is not UTF-8; save the list of labels as UTF-8", 1},
      {"--init three.pth --labels two.txt", "two.txt: expected 3 labels, one per line, got 2", 1},
      {"--init three.pth --labels none.txt",
       "none.txt: cannot be read; expected a text file with one label per line", 1},
      {"--init three.pth --model.embedDim 48",
       "--model.embedDim: expected 32 as in the checkpoint, got 48; of a trained model only "
       "--model.imageSize can be "
       "changed",
       2},
      {"--init three.pth --size 40",
       "model.imageSize: expected a multiple of the stride 16 (patchSize 4 * 2^2), got 40; try 48", 1},
      {"--model huge",
       "export: model huge at 224 px takes 2.8 GB as fp32, expected at most 2.1 (one ONNX file); store the "
       "weights as "
       "float16: --weights fp16",
       1}};
  for (const WrongExport& wrong : all) {
    const Outcome outcome = mixmim(here(), std::string("export --out wrong.onnx ") + wrong.arguments);
    EXPECT_EQ(outcome.err, std::string("mixmim: error: ") + wrong.message + "\n");
    EXPECT_EQ(outcome.exitCode, wrong.exitCode) << wrong.arguments;
    EXPECT_FALSE(fs::exists(here() / "wrong.onnx")) << wrong.arguments;
  }
}

struct WrongOut {
  const char *arguments, *message;
};

/// The ending decides what is written, or nothing is.
TEST_F(Verbs, EndingsOfOutAreTakenAtTheirWord) {
  const WrongOut all[] = {
      {"export --init fine --out w.safetensors",
       "--out: expected a name that ends in .onnx or .pth, got 'w.safetensors'"},
      {"export --init fine --out model", "--out: expected a name that ends in .onnx or .pth, got 'model'"},
      {"export --init fine --out w.pth --labels l.txt", "--labels: only for an .onnx"},
      {"export --init fine --out w.pth --weights fp16", "--weights: only for an .onnx"},
      {"export --init fine --out w.onnx --optimizer", "--optimizer: only for a .pth"},
      {"show --init pre a.png b.png --out sheet.txt",
       "--out: expected the name of a picture, as in sheet.png, got 'sheet.txt'"},
      {"show --init pre a.png b.png --out sheet",
       "--out: expected the name of a picture, as in sheet.png, got 'sheet'"},
      {"probe --init pre --data train --val val --out probe.pth",
       "--out: expected a name that ends in .onnx, got 'probe.pth'"},
      {"report fine --out page.pdf", "--out: expected a name that ends in .html, got 'page.pdf'"}};
  for (const WrongOut& wrong : all) {
    const Outcome outcome = mixmim(here(), wrong.arguments);
    EXPECT_EQ(outcome.err, std::string("mixmim: error: ") + wrong.message + "\n");
    EXPECT_EQ(outcome.exitCode, 2) << wrong.arguments;
  }
  const Config config = resolve(Task::kPretrain, {{"model", "small", ""}, {"size", "32", ""}});
  writeForeignWeights(here() / "small.pth", config);
  answer("export --init small.pth --out capital.PTH --json");
  EXPECT_EQ(answer("info capital.PTH --json").at("kind"), "pth");
}

TEST_F(Verbs, ExportWritesWeightsForPytorch) {
  const Config config =
      resolve(Task::kPretrain, {{"model", "small", ""}, {"size", "32", ""}, {"model.decoderHeads", "2", ""}});
  const TrainerState state{initialWeights(config.model, config.run.task, 1), {}};
  writeCheckpoint(here() / "weights", state, {config, {}, 5, 0.5, "", -1});
  const json::object result = answer("export --init weights --out out.pth --json");
  EXPECT_EQ(result.at("bytes"), fs::file_size(here() / "out.pth"));
  answer("export --init out.pth --out again.pth --json");
  EXPECT_EQ(contentOf(here() / "again.pth"), contentOf(here() / "out.pth"));
  const Outcome without = mixmim(here(), "export --init weights --out out2.pth --optimizer");
  EXPECT_EQ(without.exitCode, 1);
  EXPECT_EQ(without.err,
            "mixmim: error: weights: holds weights but no optimiser state; start from it with --init "
            "instead of --resume\n");
  EXPECT_EQ(mixmim(here(), "export --out out.pth").exitCode, 2);
}

/// The dimensions come from the file; one that contradicts the command line is named.
TEST_F(Verbs, FinetuneStartsFromForeignWeights) {
  const Config config = resolve(Task::kPretrain, {{"model", "tiny", ""}, {"size", "32", ""}});
  writeForeignWeights(here() / "pre.pth", config);
  const std::string run =
      "finetune --data train --val val --batch 4 --epochs 1 --init pre.pth --run.trainer " MIXMIM_TEST_PLUGINS
      "/fake_trainer.so --out ";
  ASSERT_EQ(mixmim(here(), run + "from_pth").exitCode, 0);
  EXPECT_NE(contentOf(here() / "from_pth" / "config.ini").find("embedDim = 32"), std::string::npos);
  EXPECT_NE(contentOf(here() / "from_pth" / "config.ini").find("imageSize = 32"), std::string::npos);
}

}  // namespace
}  // namespace cv::mixmim::test
