#include "terminal/help_text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include <fmt/format.h>

#include "terminal/command_line.hpp"

namespace cv::mixmim {

namespace {

/// Words of `text` in lines of at most `width` characters; each but the first begins with `indent`.
std::string wrapped(const std::string& text, size_t width, size_t indent) {
  std::istringstream words(text);
  std::string lines;
  size_t column = indent;
  for (std::string word; words >> word;) {
    const bool first = lines.empty(), fits = column + 1 + word.size() <= width;
    if (!first && !fits) {
      lines += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      lines += ' ';
      ++column;
    }
    lines += word;
    column += word.size();
  }
  return lines + "\n";
}

std::string spellings(const LineOption& option) {
  return "--" + option.name + (option.alias.empty() ? "" : ", --" + option.alias);
}

/// A line of help: the spelling in a column of its own, unless the terminal is narrow or the spelling long.
std::string optionHelp(const std::string& spelling, const std::string& text, size_t width) {
  constexpr size_t kColumn = 32, kNarrow = 72, kIndent = 6;
  if (width >= kNarrow && spelling.size() + 4 <= kColumn)
    return fmt::format("  {:<{}}", spelling, kColumn - 2) + wrapped(text, width, kColumn);
  const size_t indent = width >= kNarrow ? kColumn : kIndent;
  return "  " + spelling + "\n" + std::string(indent, ' ') + wrapped(text, width, indent);
}

/// Text in a cell of a table.
std::string cell(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '|' ? "\\|" : std::string(1, c);
  return safe;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + cell(text) + "`";
}

}  // namespace

const std::vector<ExitCode>& exitCodes() {
  static const std::vector<ExitCode> codes{{"0", "done"},
                                           {"1", "failed"},
                                           {"2", "called wrongly"},
                                           {"3", "check: done, and bad pictures were found"},
                                           {"130, 143", "interrupted, cleanly"}};
  return codes;
}

std::string factsOf(const LineOption& option) {
  std::string facts = option.unit;
  if (!option.fallback.empty())
    facts += fmt::format("{}default {}", facts.empty() ? "" : "; ", option.fallback);
  return facts.empty() ? "" : fmt::format(" [{}]", facts);
}

std::string helpText(const CommandLine& line, size_t width) {
  std::string text = "usage: " + wrapped(fmt::format("mixmim {} {}", line.verb(), line.usage()), width, 7);
  text += "\n" + wrapped(line.sentence(), width, 0) + "\n";
  const std::vector<LineOption> options = line.options();
  for (const LineOption& o : options)
    if (!o.isSetting) text += optionHelp(spellings(o), o.sentence + factsOf(o), width);
  text += optionHelp("--help, -h", "Print this text.", width);
  if (std::any_of(options.begin(), options.end(), [](const LineOption& o) { return o.isSetting; }))
    text += "\n" + wrapped("Settings, also as [section] and key = value in a file:", width, 0);
  for (const LineOption& o : options)
    if (o.isSetting) text += optionHelp(spellings(o), o.sentence + factsOf(o), width);
  text += line.examples().size() == 1 ? "\nExample:\n" : "\nExamples:\n";
  for (const std::string& example : line.examples()) text += "  " + wrapped(example, width, 4);
  text += "\nExit codes:\n";
  for (const ExitCode& code : exitCodes())
    text += fmt::format("  {}  ", code.number) + wrapped(code.meaning, width, code.number.size() + 4);
  return text;
}

std::string markdown(const CommandLine& line) {
  std::string text = fmt::format("## mixmim {}\n\n{}\n\n```\nmixmim {} {}\n```\n\n", line.verb(),
                                 line.sentence(), line.verb(), line.usage());
  text += "| option | | unit | default |\n|---|---|---|---|\n";
  for (const LineOption& o : line.options()) {
    if (o.isSetting && line.takesAllSettings()) continue;
    const std::string alias = o.alias.empty() ? "" : ", " + code("--" + o.alias);
    text += fmt::format("| {}{} | {} | {} | {} |\n", code("--" + o.name), alias, cell(o.sentence), o.unit,
                        code(o.fallback));
  }
  if (line.takesAllSettings()) text += "\nAnd all [settings](#settings).\n";
  text += "\n```\n";
  for (const std::string& example : line.examples()) text += example + "\n";
  return text + "```\n\n";
}

namespace {

/// The settings alone, which are the same for both verbs that train; their own options need not be.
std::vector<LineOption> settingsOf(const CommandLine& line) {
  std::vector<LineOption> settings;
  for (const LineOption& option : line.options())
    if (option.isSetting) settings.push_back(option);
  return settings;
}

}  // namespace

std::string settingsMarkdown(const CommandLine& pretrain, const CommandLine& finetune) {
  std::string text = "| setting | | unit | range | pretraining | fine-tuning |\n|---|---|---|---|---|---|\n";
  const std::vector<LineOption> a = settingsOf(pretrain), b = settingsOf(finetune);
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string alias = a[i].alias.empty() ? "" : ", " + code("--" + a[i].alias);
    text += fmt::format("| {}{} | {} | {} | {} | {} | {} |\n", code("--" + a[i].name), alias,
                        cell(a[i].sentence), a[i].unit, cell(a[i].range), code(a[i].fallback),
                        a[i].fallback == b[i].fallback ? "" : code(b[i].fallback));
  }
  return text;
}

size_t outputWidth() {
  constexpr size_t kLeast = 40, kMost = 100;
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kMost;
  return std::clamp<size_t>(size.ws_col, kLeast, kMost);
}

}  // namespace cv::mixmim
