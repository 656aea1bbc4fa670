// `mixmim report`: what a run leaves for it, and what the page makes of runs that are whole, damaged or
// hostile.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <regex>

#include "report/page/page.hpp"
#include "tests/support/expect_error.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

size_t occurrences(const std::string& text, const std::string& word) {
  size_t count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++count;
  return count;
}

json::object evaluationOf(const fs::path& run) {
  return json::parse(contentOf(run / "evaluation/evaluation.json")).as_object();
}

/// A run folder put together by hand: the smallest there is, plus `files`.
void makeRun(const fs::path& folder, const std::vector<std::pair<std::string, std::string>>& files = {}) {
  writeFile(folder / "config.ini",
            std::string("[run]\ntask = finetune\n[optim]\nepochs = 2\n[model]\nname = small\n"));
  writeFile(folder / "metrics.jsonl", std::string("{\"step\":10,\"epoch\":1,\"loss\":2.5}\n"
                                                  "{\"step\":20,\"epoch\":2,\"loss\":1.5}\n"));
  for (const auto& [name, text] : files) writeFile(folder / name, text);
}

class Report : public ::testing::Test {
 protected:
  std::string pageOf(const std::string& run) {
    const Outcome outcome = mixmim(here_, "report " + run);
    EXPECT_EQ(outcome.exitCode, 0) << outcome.err;
    warnings_ = outcome.err;
    return contentOf(here_ / run / "report.html");
  }

  const TempFolder folder_;
  const fs::path here_ = folder_.path();
  std::string warnings_;
};

TEST_F(Report, AFineTuningKeepsTheAnswersOfItsBestCheckpoint) {
  makeData(here_, 6);
  ASSERT_EQ(mixmim(here_, tinyRun("finetune", "run", "--epochs 3")).exitCode, 0);
  double best = -1;
  int64_t step = 0;
  for (const json::object& line : jsonLinesOf(here_ / "run/metrics.jsonl"))
    if (line.contains("val_top1") && line.at("val_top1").to_number<double>() > best) {
      best = line.at("val_top1").to_number<double>();
      step = line.at("step").as_int64();
    }
  const json::object kept = evaluationOf(here_ / "run");
  EXPECT_EQ(kept.at("step"), step);
  EXPECT_EQ(kept.at("top1").to_number<double>(), best);
  EXPECT_EQ(kept.at("images"), 12);
  EXPECT_EQ(kept.at("data"), "val");
  int64_t all = 0, right = 0;
  for (const json::value& entry : kept.at("confusion").as_array()) {
    all += entry.at(2).as_int64();
    if (entry.at(0) == entry.at(1)) right += entry.at(2).as_int64();
  }
  EXPECT_EQ(all, 12);
  EXPECT_DOUBLE_EQ(static_cast<double>(right) / 12, best);
  const size_t mistakes = kept.at("confident").as_array().size() + kept.at("hardest").as_array().size();
  EXPECT_EQ(mistakes, static_cast<size_t>(all - right));
  for (const json::value& mistake : kept.at("confident").as_array()) {
    EXPECT_NE(mistake.at("label"), mistake.at("answer"));
    EXPECT_EQ(cv::imread((here_ / "run/evaluation" / mistake.at("file").as_string().c_str()).string()).size(),
              cv::Size(16, 16));
    EXPECT_TRUE(fs::exists(here_ / "val" / mistake.at("name").as_string().c_str()));
  }
}

TEST_F(Report, ARunSaysHowItWasMade) {
  makeData(here_, 6);
  const std::string first = tinyRun("pretrain", "run", "--epochs 1 --data 'train'");
  ASSERT_EQ(mixmim(here_, first).exitCode, 0);
  ASSERT_EQ(mixmim(here_, tinyRun("pretrain", "run", "--epochs 1 --resume auto")).exitCode, 0);
  const json::object machine = json::parse(contentOf(here_ / "run/machine.json")).as_object();
  EXPECT_EQ(machine.at("folder").as_string(), fs::canonical(here_).string());
  const json::array& commands = machine.at("commands").as_array();
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_EQ(commands[0].as_string(), "mixmim " + tinyRun("pretrain", "run", "--epochs 1 --data train"));
  EXPECT_EQ(commands[1].as_string(), "mixmim " + tinyRun("pretrain", "run", "--epochs 1 --resume auto"));
  EXPECT_TRUE(machine.at("versions").as_object().contains("opencv"));
  EXPECT_EQ(machine.at("trainer").at("plugin"), "fake_trainer");
  EXPECT_GT(machine.at("threads").as_int64(), 0);
}

TEST_F(Report, APretrainingIsShownWithItsPictures) {
  makeData(here_, 6);
  ASSERT_EQ(mixmim(here_, tinyRun("pretrain", "run", "--epochs 6 --run.pictureEpochs 1")).exitCode, 0);
  const std::string page = pageOf("run");
  EXPECT_EQ(warnings_, "");
  for (const char* figure : {"Loss", "Learning rate", "Gradient norm", "Speed", "Waiting for data"})
    EXPECT_NE(page.find(std::string("<figcaption>") + figure), std::string::npos) << figure;
  EXPECT_EQ(page.find("Accuracy"), std::string::npos);
  EXPECT_EQ(occurrences(page, "<img src=\"data:image/jpeg;base64,"), 4u);  // of six
  EXPECT_NE(page.find("From left to right: image A, image B"), std::string::npos);
  EXPECT_NE(page.find("after step 3<"), std::string::npos);
  EXPECT_NE(page.find("after step 18<"), std::string::npos);
  EXPECT_NE(page.find("mixmim pretrain --config run/config.ini --out run-again"), std::string::npos);
}

/// Nothing but the page itself is asked for.
TEST_F(Report, ThePageIsSelfContained) {
  makeData(here_, 6);
  ASSERT_EQ(mixmim(here_, tinyRun("finetune", "run", "--epochs 1")).exitCode, 0);
  const std::string page = pageOf("run");
  const std::regex reference(R"re((src|href|url)\s*[=(]\s*["']?(?!data:)[^"' >]+)re");
  std::smatch match;
  EXPECT_FALSE(std::regex_search(page, match, reference)) << match.str();
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("default-src 'none'"), std::string::npos);
}

TEST_F(Report, SeveralRunsStandSideBySide) {
  makeRun(here_ / "a");
  makeRun(here_ / "b", {{"config.ini", "[run]\ntask = finetune\n[optim]\nlr = 0.25\n[model]\nname = small\n"},
                        {"metrics.jsonl", "{\"step\":5,\"epoch\":1,\"loss\":3,\"val_top1\":0.625}\n"}});
  const Outcome outcome = mixmim(here_, "report a b --json");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  const json::object result = json::parse(outcome.out).as_object();
  EXPECT_EQ(result.at("file"), "comparison.html");
  const json::array& runs = result.at("runs").as_array();
  EXPECT_EQ(runs.at(0).at("loss"), 1.5);
  EXPECT_EQ(runs.at(0).at("finished"), true);
  EXPECT_TRUE(runs.at(0).at("best_top1").is_null());
  EXPECT_EQ(runs.at(1).at("best_top1"), 0.625);
  EXPECT_EQ(runs.at(1).at("finished"), false);
  const std::string page = contentOf(here_ / "comparison.html");
  EXPECT_EQ(page.size(), static_cast<size_t>(result.at("bytes").as_int64()));
  EXPECT_NE(page.find("<th scope=\"row\">optim.lr</th><td>0</td><td>0.25</td>"), std::string::npos);
  EXPECT_NE(page.find("<th scope=\"row\">optim.epochs</th><td>2</td><td>100</td>"), std::string::npos);
  EXPECT_EQ(page.find("<th scope=\"row\">optim.eps</th><td>1e-08</td><td>"), std::string::npos);
  EXPECT_NE(page.find("62.5 %"), std::string::npos);
  EXPECT_NE(page.find("a, training"), std::string::npos);
}

/// A picture of 2 x 2 pixels in evaluation/x.jpg, and an evaluation with one mistake.
std::string evaluationWith(const std::string& label, const std::string& file) {
  return R"({"step":7,"images":3,"data":"val","top1":0.5,"top5":1,"per_class":[{"label":")" + label +
         R"("},{"label":"b"}],"confusion":[[0,0,2],[0,1,1]],"hardest":[],"confident":[{"file":")" + file +
         R"(","name":"n","label":")" + label +
         R"(","answer":"b","probability":0.9,"label_probability":0.1}]})";
}

TEST_F(Report, WhatIsDamagedIsNamedAndPassedOver) {
  const struct {
    const char *name, *file, *content, *note;
  } cases[] = {
      {"half a line", "metrics.jsonl", "{\"step\":1,\"loss\":2}\n{\"step\":2,\"lo",
       "1 line is damaged or cut off, and was passed over"},
      {"no objects", "metrics.jsonl", "[1]\n7\n{\"loss\":3}\n{\"step\":-1}\n{\"step\":1,\"loss\":2}\n",
       "4 lines are damaged or cut off, and were passed over"},
      {"nested deeply", "metrics.jsonl", "{\"step\":1,\"x\":[[[[[[1]]]]]]}\n",
       "1 line is damaged or cut off, and was passed over"},
      {"numbers out of range", "metrics.jsonl", "{\"step\":1,\"loss\":1e300,\"lr\":1e-300}\n",
       "1 numbers are too large to draw, and were left out"},
      {"settings", "config.ini", "[run]\ntask = finetune\n[optim]\nlr = fast\n",
       "optim.lr: expected a number from 0 to 100, got 'fast'"},
      {"machine", "machine.json", "{", "machine.json: not JSON at byte 1: incomplete JSON"},
      {"bad files", "bad_images.jsonl", "{\"path\":\"a\",\"reason\":\"r\"}\nx\n",
       "1 damaged lines were passed over"},
      {"evaluation", "evaluation/evaluation.json", "{}", "evaluation.json: 'step': expected a value"},
      {"picture", "pictures/reconstruction-00000001.png", "no picture", "reconstruction-00000001.png: "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    makeRun(here_ / c.name, {{c.file, c.content}});
    const std::string page = pageOf("'" + std::string(c.name) + "'");
    EXPECT_NE(warnings_.find(c.note), std::string::npos) << warnings_;
    EXPECT_EQ(occurrences(warnings_, "\n"), 1u) << warnings_;
    EXPECT_NE(contentOf(here_ / c.name / "report.html").find("could not be used:"), std::string::npos);
  }
}

TEST_F(Report, HostileTextStaysText) {
  const std::string evil = "<script>alert(1)</script>\\\"'>&";
  makeRun(here_ / "run", {{"evaluation/evaluation.json", evaluationWith(evil, "x.jpg")},
                          {"machine.json", R"({"commands":["<b>x"],"folder":"<i>","<u>":"</table>"})"},
                          {"bad_images.jsonl", R"({"path":"<img src=x>","reason":"</details>"})"},
                          {"config.ini", "[run]\ntask = finetune\ninit = <svg onload=x>\n"}});
  cv::imwrite((here_ / "run/evaluation/x.jpg").string(), cv::Mat(2, 2, CV_8UC3, cv::Scalar::all(9)));
  const std::string page = pageOf("run");
  for (const char* tag : {"<script", "<b>x", "<i>", "<u>", "<img src=x", "<svg onload"})
    EXPECT_EQ(page.find(tag), std::string::npos) << tag;
  EXPECT_NE(page.find("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&amp;"), std::string::npos);
  EXPECT_EQ(occurrences(page, "</table>"), occurrences(page, "<table"));
}

TEST_F(Report, AnEvaluationReachesNoFileOutsideItsFolder) {
  cv::imwrite((here_ / "secret.jpg").string(), cv::Mat(2, 2, CV_8UC3, cv::Scalar::all(9)));
  for (const char* file : {"../../secret.jpg", "/etc/passwd", "..", "", "a\\\\b", "a\\u0000b"}) {
    makeRun(here_ / "run", {{"evaluation/evaluation.json", evaluationWith("a", file)}});
    pageOf("run");
    EXPECT_NE(warnings_.find("'file': expected the plain name of a picture"), std::string::npos) << file;
  }
}

TEST_F(Report, ARunThatHasJustBegunHasAPage) {
  makeRun(here_ / "run", {{"metrics.jsonl", ""}});
  EXPECT_NE(pageOf("run").find("0 of 2 <em>unfinished</em>"), std::string::npos);
  EXPECT_EQ(warnings_, "");
  fs::remove(here_ / "run/metrics.jsonl");
  pageOf("run");
  EXPECT_EQ(warnings_, "warning: run/metrics.jsonl: is missing\n");
}

TEST_F(Report, SaysWhatIsWrongWithItsArguments) {
  makeRun(here_ / "run");
  fs::create_directories(here_ / "empty");
  const struct {
    const char *arguments, *message;
    int exitCode;
  } cases[] = {
      {"",
       "mixmim: error: mixmim report: expected at least one run folder; `mixmim report --help` explains it\n",
       2},
      {"a b c d e f g h i", "mixmim: error: mixmim report: expected at most 8 runs, got 9\n", 2},
      {"nowhere", "mixmim: error: nowhere: there is no such run folder\n", 1},
      {"empty",
       "mixmim: error: empty: is not a run folder, it has neither config.ini nor metrics.jsonl; name the "
       "folder that "
       "was given to pretrain or finetune as --out\n",
       1},
      {"run --out no/where.html", "mixmim: error: no/where.html: cannot be created", 1},
  };
  for (const auto& c : cases) {
    const Outcome outcome = mixmim(here_, std::string("report ") + c.arguments);
    EXPECT_EQ(outcome.exitCode, c.exitCode) << c.arguments;
    EXPECT_EQ(outcome.err.rfind(c.message, 0), 0u) << outcome.err;
  }
}

/// --data makes up for a run that was never validated.
TEST_F(Report, MistakesCanBeFoundLater) {
  makeData(here_, 6);
  ASSERT_EQ(mixmim(here_, tinyRun("finetune", "run", "--epochs 1 --val ''")).exitCode, 0);
  EXPECT_EQ(pageOf("run").find("Answers by class"), std::string::npos);
  const Outcome outcome =
      mixmim(here_, "report run --data val --run.trainer " MIXMIM_TEST_PLUGINS "/fake_trainer.so");
  ASSERT_EQ(outcome.exitCode, 0) << outcome.err;
  EXPECT_NE(contentOf(here_ / "run/report.html").find("Answers by class"), std::string::npos);
  EXPECT_EQ(evaluationOf(here_ / "run").at("images"), 12);
}

}  // namespace
}  // namespace cv::mixmim::test
