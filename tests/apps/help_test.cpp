// Help, the reference and completion: three readings of the one list of options.
#include <gtest/gtest.h>

#include <sstream>

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
       "swin_t_w14, swin_s_w14, swin_b_w14, swin_l_w14, got 'bas'; did you mean 'base'?"},
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
  const struct {
    const char *words, *offered;
  } cases[] = {
      {"mixmim pre", "pretrain predict\n"},
      {"mixmim eval --cs", "--csv\n"},
      {"mixmim pretrain --optim.l", "--optim.lr --optim.layerDecay\n"},
      {"mixmim pretrain --model ''",
       "small tiny base large huge swin_t swin_s swin_b swin_l swin_t_w14 swin_s_w14 swin_b_w14 "
       "swin_l_w14\n"},
      {"mixmim pretrain --model = t", "tiny\n"},
      {"mixmim pretrain --model =",
       "small tiny base large huge swin_t swin_s swin_b swin_l swin_t_w14 swin_s_w14 swin_b_w14 "
       "swin_l_w14\n"},
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

TEST(Completion, IsForBash) {
  const TempFolder folder;
  EXPECT_EQ(mixmim(folder.path(), "completion fish").err,
            "mixmim: error: mixmim completion: expected one shell, and bash is the only one\n");
  EXPECT_EQ(mixmim(folder.path(), "completion").exitCode, 2);
}

}  // namespace
}  // namespace cv::mixmim::test
