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
