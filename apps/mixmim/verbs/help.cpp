#include <iostream>

#include <fmt/format.h>

#include "terminal/exit_codes.hpp"
#include "terminal/help_text.hpp"
#include "terminal/man_page.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

CommandLine commandLine(const Arguments&) {
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) names.push_back(verb.name);
  CommandLine line("help", "Lists the verbs, or explains one of them.", "[VERB] [--markdown] [--man]",
                   "mixmim help pretrain");
  line.flag("markdown", "Everything about all verbs, as a document: docs/cli.md.")
      .flag("man", "The same as a manual page.")
      .words("VERB", names);
  return line;
}

constexpr const char* kBeginning = R"(# The command line

Made by `mixmim help --markdown`. `mixmim VERB --help` says the same in a terminal.

`SRC` is a tree of class folders, a flat folder of images, one `.tar`, or `name-{000000..000146}.tar`. Results go to standard
output, with `--json` as one object; progress and warnings go to standard error, as a bar on a terminal and as plain lines
elsewhere. No colours are used, so `NO_COLOR` has nothing to switch off.

| exit code | |
|---|---|
| 0 | done |
| 1 | failed; the reason is on standard error |
| 2 | called wrongly: an unknown verb, option, key or value; the nearest name is suggested |
| 3 | `check` is done and found bad pictures |
| 130, 143 | interrupted (SIGINT, SIGTERM) after a clean stop; a run goes on with `--resume auto` |

)";

constexpr const char* kSettings = R"(## Settings

Of `pretrain`, `finetune`, `bench` and `config`, on the command line as below, in a file (`--config`) as `key = value` under
`[section]`. The command line wins over the file, the file over `--preset`, the preset over these defaults. The resolved settings
are stored in the run folder as `config.ini`.

)";

void printDocument() {
  std::cout << kBeginning;
  for (const Verb& verb : verbs()) std::cout << markdown(verb.commandLine({}));
  std::cout << kSettings << settingsMarkdown(pretrainVerb().commandLine({}), finetuneVerb().commandLine({}));
}

void printManPage() {
  std::vector<CommandLine> lines;
  for (const Verb& verb : verbs()) lines.push_back(verb.commandLine({}));
  std::cout << manPage(lines, finetuneVerb().commandLine({}));
}

int run(const CommandLine& line) {
  if (line.words().size() > 1) throw UsageError("mixmim help: expected at most one verb");
  if (line.has("markdown"))
    printDocument();
  else if (line.has("man"))
    printManPage();
  else if (line.words().empty())
    std::cout << usageText();
  else
    std::cout << helpText(verbNamed(line.words().front()).commandLine({}), outputWidth());
  return kDone;
}

}  // namespace

std::string usageText() {
  std::string text =
      "usage: mixmim VERB [OPTION...]        (mixmim VERB --help explains a verb)\n       mixmim "
      "--version\n\n";
  for (const Verb& verb : verbs()) text += fmt::format("  {:<12} {}\n", verb.name, verb.sentence);
  return text;
}

std::string versionText() {
  return fmt::format("mixmim {}\n", MIXMIM_VERSION);
}

Verb helpVerb() {
  return {"help", "list the verbs, or explain one", commandLine, run};
}

}  // namespace cv::mixmim
