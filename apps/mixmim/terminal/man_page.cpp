#include "terminal/man_page.hpp"

#include <fmt/format.h>

#include "terminal/help_text.hpp"

namespace cv::mixmim {

namespace {

/// Text for roff: no line begins with a request, a backslash and a hyphen are themselves.
std::string plain(const std::string& text) {
  std::string safe = !text.empty() && (text[0] == '.' || text[0] == '\'') ? "\\&" : "";
  for (const char c : text) safe += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  return safe;
}

std::string optionEntry(const LineOption& option) {
  const std::string alias =
      option.alias.empty() ? "" : fmt::format(", \\fB{}\\fR", plain("--" + option.alias));
  return fmt::format(".TP\n\\fB{}\\fR{}\n{}\n", plain("--" + option.name), alias,
                     plain(option.sentence + factsOf(option)));
}

std::string example(const std::string& command) {
  return fmt::format(".PP\n.EX\n{}\n.EE\n", plain(command));
}

std::string verbEntry(const CommandLine& verb) {
  std::string text = fmt::format(".SS {}\n\\fBmixmim {}\\fR {}\n.PP\n{}\n", plain(verb.verb()),
                                 plain(verb.verb()), plain(verb.usage()), plain(verb.sentence()));
  for (const LineOption& option : verb.options())
    if (!option.isSetting || !verb.takesAllSettings()) text += optionEntry(option);
  if (verb.takesAllSettings()) text += ".PP\nAnd all settings below.\n";
  for (const std::string& command : verb.examples()) text += example(command);
  return text;
}

}  // namespace

std::string manPage(const std::vector<CommandLine>& verbs, const CommandLine& settings) {
  std::string text = fmt::format(
      ".TH MIXMIM 1 \"\" \"mixmim {}\" \"User Commands\"\n.SH NAME\nmixmim \\- masked and mixed pretraining "
      "of "
      "image models, fine\\-tuning, deployment in OpenCV\n.SH SYNOPSIS\n.B mixmim\n\\fIVERB\\fR "
      "[\\fIOPTION\\fR...]\n.br\n.B mixmim\n\\fIVERB\\fR \\fB\\-\\-help\\fR\n.br\n.B mixmim "
      "\\-\\-version\n.SH VERBS\n",
      MIXMIM_VERSION);
  for (const CommandLine& verb : verbs) text += verbEntry(verb);
  text += ".SH SETTINGS\nOn the command line, or in a file as key = value under [section].\n";
  for (const LineOption& option : settings.options())
    if (option.isSetting) text += optionEntry(option);
  text += ".SH EXIT STATUS\n";
  for (const ExitCode& code : exitCodes())
    text += fmt::format(".TP\n{}\n{}\n", code.number, plain(code.meaning));
  return text;
}

}  // namespace cv::mixmim
