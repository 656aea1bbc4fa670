// Config files: what their lines mean, what is wrong with them, and that settings survive writing and
// reading.
#include <gtest/gtest.h>

#include <cmath>

#include <fmt/format.h>

#include "opencv2/mixmim/train/options.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "tests/support/expect_error.hpp"

namespace cv::mixmim {
namespace {

TEST(ConfigFile, LinesHaveOneMeaning) {
  const struct {
    const char *text, *key, *value;
    int line;
  } cases[] = {
      {"[optim]\nlr = 3", "optim.lr", "3", 2},
      {"# first\n\n  [ optim ]  # of AdamW\n\tlr=3\t# slow\r\n", "optim.lr", "3", 4},
      {"epochs = 7\n", "epochs", "7", 1},
      {"[data]\ntrain =\n", "data.train", "", 2},
      {"[data]\ntrain = # none\n", "data.train", "", 2},
      {"[data]\ntrain = a b = c [d]\n", "data.train", "a b = c [d]", 2},
      {"[data]\ntrain = \" a #1 \" # quoted\n", "data.train", " a #1 ", 2},
      {"[data]\ntrain = \"a \\\"b\\\" \\\\c\"\n", "data.train", "a \"b\" \\c", 2},
      {"[data]\ntrain = a\"b\n", "data.train", "a\"b", 2},
      {"[data]\ntrain = c#1/train#\t# of C#\n", "data.train", "c#1/train#", 2},
      {"[data]\ntrain =#1\n", "data.train", "#1", 2},
      {"\xEF\xBB\xBF[data]\r\ntrain = a\r\n", "data.train", "a", 2},
      {"[data]\ntrain = K\xE4se\n", "data.train", "K\xE4se", 2},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const std::vector<Setting> settings = parseConfig(c.text, "run.ini");
    ASSERT_EQ(settings.size(), 1u);
    EXPECT_EQ(settings[0].key, c.key);
    EXPECT_EQ(settings[0].value, c.value);
    EXPECT_EQ(settings[0].origin, "run.ini");
    EXPECT_EQ(settings[0].line, c.line);
  }
}

TEST(ConfigFile, RunsFromBeforeARenamingAreRead) {
  EXPECT_EQ(resolve(Task::kPretrain, parseConfig("[run]\npatience = 7\n", "run.ini")).run.lostSeconds, 7);
  EXPECT_EQ(fromJson(R"({"run":{"patience":7}})").run.lostSeconds, 7);
}

TEST(ConfigFile, ErrorsNameTheLine) {
  const std::string form = "; a config file has [sections] and lines of the form key = value";
  const struct {
    std::string text, message;
  } cases[] = {
      {"[optim]\n\nlr 3\n", "run.ini:3: invalid line 'lr 3'" + form},
      {"= 3\n", "run.ini:1: invalid line '= 3'" + form},
      {"[optim\n", "run.ini:1: invalid line '[optim'" + form},
      {"[optim] lr = 3\n", "run.ini:1: invalid line '[optim] lr = 3'" + form},
      {"[data]\ntrain = \"a\n", "run.ini:2: invalid line 'train = \"a'" + form},
      {"[data]\ntrain = \"a\" b\n", "run.ini:2: invalid line 'train = \"a\" b'" + form},
      {"[optim]\nlrr = 3\n", "run.ini:2: unknown key 'optim.lrr'; did you mean 'optim.lr'?"},
      {"[optim]\nlr = 1\nepochs = 2\nlr = 3\n", "run.ini:4: optim.lr: given twice, 1 (line 2) and 3"},
      {"epochs = 7\n[optim]\nepochs = 7\n", "run.ini:3: optim.epochs: given twice, 7 (line 1) and 7"},
      {"\xFF\xFE[", "run.ini: is UTF-16, expected UTF-8; save it as UTF-8"},
      {"\xFE\xFF", "run.ini: is UTF-16, expected UTF-8; save it as UTF-8"},
      {std::string("[\0o\0", 4), "run.ini: is UTF-16, expected UTF-8; save it as UTF-8"},
      {"[optim]\n\n\nlr = fast\n", "run.ini:4: optim.lr: expected a number from 0 to 100, got 'fast'"},
      {"[model]\nname = bas\n",
       "run.ini:2: model.name: expected one of small, tiny, base, large, huge, swin_t, swin_s, swin_b, "
       "swin_l, swin_t_w14, swin_s_w14, swin_b_w14, swin_l_w14, pvt_tiny, pvt_small, pvt_medium, pvt_large, "
       "twins_svt_s, twins_svt_b, twins_svt_l, twins_pcpvt_s, twins_pcpvt_b, twins_pcpvt_l, pvt_v2_b0, "
       "pvt_v2_b1, pvt_v2_b2, pvt_v2_b3, pvt_v2_b4, pvt_v2_b5, got 'bas'; did you mean 'base'?"},
  };
  for (const auto& c : cases)
    MIXMIM_EXPECT_ERROR(resolve(Task::kPretrain, parseConfig(c.text, "run.ini")), c.message.c_str());
}

/// Any value an option accepts; of the model only what cannot contradict the rest.
void drawValue(const Option& option, Rng& rng) {
  const bool model = option.name.rfind("model.", 0) == 0;
  const auto number = [&](double least, double most) {
    const double low = std::isinf(option.min) ? least : option.min,
                 high = std::isinf(option.max) ? most : option.max;
    return rng.uniform(low, high);
  };
  if (model || option.name == "run.task" || !option.choices.empty()) return;
  if (std::holds_alternative<std::string*>(option.value)) {
    const std::string letters = "aZ09 #\"\\=[];'%\t./-{}\xc3\xa4\x01";
    std::string text;
    for (uint64_t i = rng.below(12); i > 0; --i) text += letters[rng.below(letters.size())];
    option.set(text);
  } else if (std::holds_alternative<double*>(option.value)) {
    option.set(fmt::format("{}", number(0, 1)));
  } else if (std::holds_alternative<bool*>(option.value)) {
    option.set(rng.uniform(0, 1) < 0.5 ? "true" : "false");
  } else {
    option.set(fmt::format("{:.0f}", std::floor(number(0, 1e9))));
  }
}

TEST(ConfigFile, AnySettingsSurviveWritingAndReading) {
  int tried = 0;
  for (int i = 0; i < 500; ++i) {
    const Task task = i % 2 ? Task::kFinetune : Task::kPretrain;
    Config config =
        resolve(task, {{"model.name", modelNames()[static_cast<size_t>(i) % modelNames().size()], ""}});
    Rng rng(1, static_cast<uint64_t>(i), 0, Purpose::kShapes);
    for (const Option& option : options(config)) drawValue(option, rng);
    if (config.augment.scaleMin > config.augment.scaleMax)
      std::swap(config.augment.scaleMin, config.augment.scaleMax);
    if (config.augment.ratioMin > config.augment.ratioMax)
      std::swap(config.augment.ratioMin, config.augment.ratioMax);
    if (config.mix.maskRatio + config.mix.maskRatioRange > 1) config.mix.maskRatioRange = 0;
    if (task == Task::kPretrain) config.optim.freeze = false;
    for (const bool comments : {true, false}) {
      const std::string text = toIni(config, comments);
      EXPECT_EQ(toJson(resolve(task, parseConfig(text, "written"))), toJson(config)) << text;
      ++tried;
    }
  }
  EXPECT_EQ(tried, 1000);
}

}  // namespace
}  // namespace cv::mixmim
