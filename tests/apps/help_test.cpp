// Help, the reference and completion: three readings of the one list of options.
#include <gtest/gtest.h>

#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "terminal/help_text.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temp_folder.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim::test {
namespace {

TEST(Help, EveryVerbExplainsItself) {
  const TempFolder folder;
  for (const Verb& verb : verbs()) {
    SCOPED_TRACE(verb.name);
    const Outcome outcome = mixmim(folder.path(), verb.name + " --help");
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_EQ(outcome.err, "");
    for (const char* part : {"usage: mixmim ", "\nExample", "\n  mixmim ", "\nExit codes:\n  0  done\n"})
      EXPECT_TRUE(outcome.out.find(part) != std::string::npos || verb.name == "completion") << part;
    for (const LineOption& option : verb.commandLine({}).options()) {
      EXPECT_NE(outcome.out.find("--" + option.name), std::string::npos) << option.name;
      EXPECT_GT(option.sentence.size(), 5u) << option.name;
      EXPECT_EQ(option.sentence.back(), '.') << option.name;
    }
    EXPECT_EQ(mixmim(folder.path(), "help " + verb.name).out, outcome.out);
  }
}

TEST(Help, SaysUnitAndDefault) {
  const CommandLine line = pretrainVerb().commandLine({});
  const std::string help = helpText(line, 100);
  EXPECT_NE(help.find("  --data.batch, --batch         Images per step. [images; default 128]\n"),
            std::string::npos);
  EXPECT_NE(help.find("[default 0.95]"), std::string::npos);
}

TEST(Help, FitsTheTerminal) {
  for (const Verb& verb : verbs())
    for (const size_t width : {40, 60, 80, 100}) {
      SCOPED_TRACE(verb.name);
      std::istringstream lines(helpText(verb.commandLine({}), width));
      for (std::string line; std::getline(lines, line);) {
        const size_t words = line.find_first_not_of(' ');
        const bool oneWord = words == std::string::npos || line.find(' ', words) == std::string::npos;
        const bool spelling = line.find("  --") == 0;
        EXPECT_TRUE(line.size() <= width || oneWord || spelling) << width << ": " << line;
      }
    }
}

TEST(Help, TheReferenceIsUpToDate) {
  const TempFolder folder;
  EXPECT_TRUE(mixmim(folder.path(), "help --markdown").out == contentOf(MIXMIM_SOURCE_DIR "/docs/cli.md"))
      << "build/bin/mixmim help --markdown > docs/cli.md";
}

TEST(Help, SuggestsTheNearestName) {
  const TempFolder folder;
  const struct {
    const char *arguments, *message;
  } cases[] = {
      {"pretrian", "unknown verb 'pretrian'; did you mean 'pretrain'?"},
      {"help chek", "unknown verb 'chek'; did you mean 'check'?"},
      {"pretrain --epoch 3", "mixmim pretrain: unknown option '--epoch'; did you mean '--epochs'?"},
      {"report --jsn", "mixmim report: unknown option '--jsn'; did you mean '--json'?"},
      {"pretrain --preset pretrain-base-60ep",
       "--preset: expected one of pretrain, pretrain-base-600ep, pretrain-base-300ep, finetune, "
       "finetune-base-100ep, "
       "finetune-base-384, got 'pretrain-base-60ep'; did you mean 'pretrain-base-600ep'?"},
      {"pretrain --model bas",
       "model.name: expected one of small, tiny, base, large, huge, swin_t, swin_s, swin_b, swin_l, "
       "swin_t_w14, swin_s_w14, swin_b_w14, swin_l_w14, pvt_tiny, pvt_small, pvt_medium, pvt_large, "
       "twins_svt_s, twins_svt_b, twins_svt_l, twins_pcpvt_s, twins_pcpvt_b, twins_pcpvt_l, pvt_v2_b0, "
       "pvt_v2_b1, pvt_v2_b2, pvt_v2_b3, pvt_v2_b4, pvt_v2_b5, got 'bas'; did you mean 'base'?"},
  };
  for (const auto& c : cases) {
    const Outcome outcome = mixmim(folder.path(), c.arguments);
    EXPECT_EQ(outcome.exitCode, 2) << c.arguments;
    EXPECT_EQ(outcome.err, std::string("mixmim: error: ") + c.message + "\n");
  }
}

/// What bash offers after a command line that ends where the cursor is.
std::string completed(const TempFolder& folder, const std::string& words) {
  writeFile(folder / "try.sh",
            "source <(" MIXMIM_PROGRAM " completion bash)\nCOMP_WORDS=(" + words +
                ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_mixmim\necho \"${COMPREPLY[*]}\"\n");
  const Outcome outcome = runIn(folder.path(), "bash --norc try.sh");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exitCode, 0);
  return outcome.out;
}

TEST(Completion, KnowsVerbsOptionsAndValues) {
  const TempFolder folder;
  const std::string models = fmt::format("{}\n", fmt::join(modelNames(), " "));
  const struct {
    const char* words;
    std::string offered;
  } cases[] = {
      {"mixmim pre", "pretrain predict\n"},
      {"mixmim eval --cs", "--csv\n"},
      {"mixmim pretrain --optim.l", "--optim.lr --optim.layerDecay\n"},
      {"mixmim pretrain --model ''", models},
      {"mixmim pretrain --model = swin_t", "swin_t swin_t_w14\n"},
      {"mixmim pretrain --model =", models},
      {"mixmim pretrain --preset fine", "finetune finetune-base-100ep finetune-base-384\n"},
      {"mixmim pretrain --mix.bothImages ''", "true false\n"},
      {"mixmim bench ''", "pipeline train predict\n"},
      {"mixmim help fea", "features\n"},
      {"mixmim eval --model ''", "\n"},  // a file: readline completes it
      {"mixmim predict photo", "\n"},
      {"mixmim nonsense --x", "\n"},
  };
  for (const auto& c : cases) EXPECT_EQ(completed(folder, c.words), c.offered) << c.words;
}

bool isInstalled(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

TEST(Completion, OfZshIsReadByZsh) {
  if (!isInstalled("zsh")) GTEST_SKIP() << "zsh is not installed";
  const TempFolder folder;
  // The functions of its completion system, as far as the script calls them.
  writeFile(
      folder / "try.zsh",
      std::string("compdef() { :; }\ncompadd() { echo ${(P)2}; }\n_files() { echo a file; }\n"
                  "_describe() { echo ${${(P)4}%%:*}; }\n"
                  "source <(" MIXMIM_PROGRAM " completion zsh)\n"
                  "offer() { words=(\"$@\") CURRENT=$#; _mixmim; }\n"
                  "offer mixmim ''\noffer mixmim help ''\noffer mixmim pretrain --optim.accumulate --ov\n"
                  "offer mixmim pretrain --preset ''\noffer mixmim eval --model ''\n"));
  const Outcome outcome = runIn(folder.path(), "zsh -f try.zsh");
  EXPECT_EQ(outcome.err, "");
  std::vector<std::string> lines;
  std::istringstream text(outcome.out);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  ASSERT_EQ(lines.size(), 5u) << outcome.out;
  for (const size_t verbs : {0, 1}) EXPECT_NE(lines[verbs].find("pretrain finetune"), std::string::npos);
  EXPECT_NE(lines[2].find("--run.overwrite --overwrite "), std::string::npos);
  EXPECT_NE(lines[3].find("finetune-base-100ep"), std::string::npos) << lines[3];
  EXPECT_EQ(lines[4], "a file");
}

TEST(Completion, OfFishIsReadByFish) {
  if (!isInstalled("fish")) GTEST_SKIP() << "fish is not installed";
  const TempFolder folder;
  const struct {
    const char *line, *offered;
  } cases[] = {{"mixmim pre", "predict pretrain"},
               {"mixmim eval --cs", "--csv"},
               {"mixmim finetune --preset finetune-base-1", "finetune-base-100ep"},
               {"mixmim bench pi", "pipeline"}};
  for (const auto& c : cases) {
    writeFile(folder / "try.fish", fmt::format("source ({} completion fish | psub)\nset -l found\n"
                                               "for line in (complete -C '{}')\n"
                                               "set -a found (string split -- \\t $line)[1]\nend\n"
                                               "echo (string join -- ' ' (printf '%s\\n' $found | sort))\n",
                                               MIXMIM_PROGRAM, c.line));
    const Outcome outcome = runIn(folder.path(), "HOME=$PWD fish --no-config try.fish");
    EXPECT_EQ(outcome.out, std::string(c.offered) + "\n") << outcome.err;
  }
}

TEST(Completion, IsForThreeShells) {
  const TempFolder folder;
  for (const char* words : {"completion csh", "completion", "completion bash zsh"}) {
    const Outcome outcome = mixmim(folder.path(), words);
    EXPECT_EQ(outcome.err, "mixmim: error: mixmim completion: expected one shell: bash, zsh or fish\n");
    EXPECT_EQ(outcome.exitCode, 2);
  }
}

TEST(ManPage, HoldsEveryVerbAndOption) {
  const TempFolder folder;
  const std::string page = mixmim(folder.path(), "help --man").out;
  const auto inRoff = [](const std::string& name) {
    std::string text;
    for (const char c : name) text += c == '-' ? "\\-" : std::string(1, c);
    return text;
  };
  for (const Verb& verb : verbs()) {
    EXPECT_NE(page.find(".SS " + inRoff(verb.name) + "\n"), std::string::npos) << verb.name;
    for (const LineOption& option : verb.commandLine({}).options())
      EXPECT_NE(page.find("\\fB" + inRoff("--" + option.name) + "\\fR"), std::string::npos) << option.name;
  }
  if (!isInstalled("groff")) return;
  writeFile(folder / "mixmim.1", page);
  const Outcome outcome = runIn(folder.path(), "groff -man -ww -Tutf8 mixmim.1");
  EXPECT_EQ(outcome.err, "");
  EXPECT_EQ(outcome.exitCode, 0);
}

TEST(Version, IsOneLine) {
  const TempFolder folder;
  const Outcome outcome = mixmim(folder.path(), "--version");
  EXPECT_EQ(outcome.exitCode, 0);
  EXPECT_EQ(outcome.out, versionText());
  EXPECT_EQ(outcome.out.find("mixmim "), 0u);
}

}  // namespace
}  // namespace cv::mixmim::test
