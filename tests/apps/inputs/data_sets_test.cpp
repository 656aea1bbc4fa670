// What the program says of people's data sets: what it passes over, what can hardly be meant, what is not
// read.
#include <boost/json.hpp>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;

class DataSets : public testing::Test {
 protected:
  DataSets() { makeData(here(), 4); }
  fs::path here() const { return folder_.path(); }

 private:
  TempFolder folder_;
};

/// How often `text` stands in `whole`.
int timesIn(const std::string& whole, const std::string& text) {
  int times = 0;
  for (size_t at = 0; (at = whole.find(text, at)) != std::string::npos; ++at) ++times;
  return times;
}

TEST_F(DataSets, WhatIsPassedOverIsSaidOnce) {
  std::ofstream(here() / "train" / "dark" / "._0.png") << "resources";
  std::ofstream(here() / "train" / "dark" / "notes.txt") << "notes";
  fs::create_directories(here() / "train" / ".ipynb_checkpoints");
  fs::copy(here() / "train" / "dark" / "0.png", here() / "train" / "loose.png");
  const Outcome run = mixmim(here(), tinyRun("finetune", "fine"));
  ASSERT_EQ(run.exitCode, 0) << run.err;
  EXPECT_EQ(timesIn(run.err,
                    "passed over in train: 2 hidden files or folders, 1 file that is not read here (.txt 1), "
                    "1 picture beside the class folders\n"),
            1)
      << run.err;
  const Outcome check = mixmim(here(), "check --data train --json");
  EXPECT_EQ(check.exitCode, 0) << check.err;
  const boost::json::value answer = boost::json::parse(check.out);
  EXPECT_EQ(
      answer.at("passed_over"),
      boost::json::parse(
          R"({"hidden": {"count": 2, "names": {}}, "other_files": {"count": 1, "names": {".txt": 1}}})"));
  EXPECT_EQ(answer.at("images"), 9);
  EXPECT_NE(mixmim(here(), "check --data train").out.find("\n  (no class)                       1\n"),
            std::string::npos);
}

/// From a list to answers: training, validation, both kinds of model, and what cannot be.
TEST_F(DataSets, SeveralLabelsPerPicture) {
  for (const char* part : {"train", "val"}) {
    std::ofstream list(here() / (std::string(part) + ".csv"));
    list << "path,labels\n";
    for (int i = 0; i < 4; ++i)
      list << part << "/dark/" << i << ".png," << (i % 2 ? "night" : "") << "\n"
           << part << "/light/" << i << ".png,\"day" << (i % 2 ? "|blue" : "") << "\"\n";
  }
  const Outcome run = mixmim(
      here(),
      tinyRun("finetune", "several", "--data train.csv --val val.csv --epochs 20 --optim.classWeights 1"));
  ASSERT_EQ(run.exitCode, 0) << run.err;
  EXPECT_EQ(
      timesIn(run.err,
              "train.csv: pictures with several labels, so each label is learned by itself (model.labels "
              "several)\n"),
      1)
      << run.err;
  EXPECT_NE(run.err.find("warning: train.csv: several labels per picture, separated by '|'\n"),
            std::string::npos);
  EXPECT_NE(run.out.find(", mAP "), std::string::npos) << run.out;
  EXPECT_NE(contentOf(here() / "several/config.ini").find("\nlabels = several\n"), std::string::npos);

  const std::string evaluation =
      "eval --model several --data val.csv --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so ";
  const Outcome eval = mixmim(here(), evaluation + "--json --answers answers.csv");
  ASSERT_EQ(eval.exitCode, 0) << eval.err;
  const boost::json::value answer = boost::json::parse(eval.out);
  EXPECT_EQ(answer.at("images"), 8);
  for (const char* number : {"map", "f1", "exact", "loss"})
    EXPECT_TRUE(answer.at(number).is_number()) << number;
  EXPECT_FALSE(answer.as_object().contains("confusion"));
  EXPECT_EQ(answer.at("per_class").as_array().size(), 3u);
  EXPECT_GT(answer.at("per_class").at(1).at("ap").to_number<double>(), 0.99) << "light pictures are day";
  std::istringstream table(contentOf(here() / "answers.csv"));
  std::string line;
  std::getline(table, line);
  EXPECT_EQ(line, "path,labels,answers,blue,day,night");
  std::getline(table, line);
  EXPECT_EQ(line.find("train/") == std::string::npos && line.find("val/dark/0.png,,") != std::string::npos,
            true)
      << line;
  EXPECT_EQ(
      mixmim(here(), evaluation + "--csv c.csv")
              .err.find("--csv: several labels per picture have no confusion matrix; --answers lists them") ==
          std::string::npos,
      false);
  const boost::json::value info = boost::json::parse(mixmim(here(), "info several --json").out);
  EXPECT_TRUE(info.at("best_map").is_number());
  const Outcome report = mixmim(here(), "report several --out r.html --json");
  ASSERT_EQ(report.exitCode, 0) << report.err;
  EXPECT_TRUE(boost::json::parse(report.out).at("runs").at(0).at("best_map").is_number());
  const std::string page = contentOf(here() / "r.html");
  EXPECT_NE(page.find("mAP <b>"), std::string::npos);
  EXPECT_NE(page.find("<td>night</td><td>2</td>"), std::string::npos);

  const Outcome one = mixmim(here(), tinyRun("finetune", "one", "--val val.csv"));
  EXPECT_NE(
      one.err.find("mixmim: error: val.csv: has several labels per picture, but the model tells one class; a "
                   "fine-tuning with such a list makes one that tells several\n"),
      std::string::npos)
      << one.err;
  const std::pair<const char*, const char*> refused[] = {
      {"pack --data train.csv --out shards",
       "train.csv: has several labels per picture, which shards have no place for; use the list itself as "
       "--data"},
      {"probe --init several --data train.csv --val val.csv",
       "train.csv: has several labels per picture, and a probe tells one class; fine-tune with optim.freeze, "
       "which trains a linear head for several labels"},
  };
  for (const auto& [command, message] : refused)
    EXPECT_NE(mixmim(here(), command).err.find(message), std::string::npos) << mixmim(here(), command).err;
  const Outcome balanced =
      mixmim(here(), tinyRun("finetune", "other", "--data train.csv --val val.csv --data.balance 1"));
  EXPECT_NE(balanced.err.find("data.balance: expected one class per picture, but these have several labels; "
                              "optim.classWeights weighs them in the loss"),
            std::string::npos)
      << balanced.err;
  EXPECT_NE(mixmim(here(), "check --data train.csv").out.find("\n  (no class)                       2\n"),
            std::string::npos);
}

TEST_F(DataSets, TasksThatCanHardlyBeMeant) {
  fs::create_directories(here() / "both");
  fs::rename(here() / "train", here() / "both" / "train");
  const Outcome one = mixmim(here(), tinyRun("finetune", "one", "--data both"));
  EXPECT_EQ(one.exitCode, 1);
  EXPECT_EQ(one.err,
            "warning: both: all its classes would be one, 'train', which holds 2 folders; did you mean "
            "both/train?\n"
            "mixmim: error: both: all pictures have one class, 'train', so there is nothing to tell apart; "
            "name a data "
            "set with at least two classes\n");
  fs::rename(here() / "val", here() / "both" / "val");
  const Outcome parts = mixmim(here(), tinyRun("finetune", "parts", "--data both --val both"));
  EXPECT_EQ(parts.exitCode, 0) << parts.err;
  EXPECT_EQ(
      timesIn(parts.err,
              "warning: both: its classes are called train, val, like the parts of one data set; did you "
              "mean both/train?\n"),
      2)  // once for --data, once for --val
      << parts.err;
}

TEST_F(DataSets, ListsBeginInTheirRoot) {
  std::ofstream(here() / "train.csv") << "path,label\ntrain/dark/0.png,dark\ntrain/light/0.png,light\n";
  std::ofstream(here() / "places.txt") << "/dark/0.png 0\n/light/1.png 1\n";
  const Outcome table = mixmim(here(), "check --data train.csv"),
                places = mixmim(here(), "check --data places.txt --root train");
  EXPECT_EQ(table.exitCode, 0) << table.err;
  EXPECT_EQ(places.exitCode, 0) << places.err;
  EXPECT_EQ(places.out.substr(0, places.out.find('\n')), "2 images, 2 classes");
  EXPECT_EQ(table.out, places.out);
  const Outcome run = mixmim(here(), tinyRun("finetune", "fine",
                                             "--batch 2 --data places.txt --root train --val "
                                             "train.csv --data.valRoot ."));
  EXPECT_EQ(run.exitCode, 0) << run.err;
  EXPECT_NE(mixmim(here(), "info fine --json").out.find(R"(["dark","light"])"), std::string::npos);
}

TEST_F(DataSets, FormatsThatAreNotReadAreNamed) {
  std::ofstream(here() / "train" / "dark" / "phone.jpg") << std::string(
      "\0\0\0\x18"
      "ftypheic\0\0\0\0heic",
      20);
  const Outcome check = mixmim(here(), "check --data train");
  EXPECT_NE(check.exitCode, 0);
  EXPECT_NE(check.out.find("train/dark/phone.jpg: HEIC is not read here; convert it to JPEG or PNG\n"),
            std::string::npos)
      << check.out;
}

}  // namespace
}  // namespace cv::mixmim::test
