#include "verbs/completion_scripts.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "verbs/verb.hpp"

namespace cv::mixmim {

std::vector<std::string> spellingsOf(const LineOption& option) {
  std::vector<std::string> all{"--" + option.name};
  if (!option.alias.empty()) all.push_back("--" + option.alias);
  return all;
}

std::vector<std::string> valuesOf(const LineOption& option) {
  if (option.isSetting && option.choices.empty() && option.range == "true, false") return {"true", "false"};
  return option.choices;
}

namespace {

/// The text between single quotes; `quote` is how the shell takes one inside.
std::string quoted(const std::string& text, const char* quote) {
  std::string safe = "'";
  for (const char c : text) safe += c == '\'' ? quote : std::string(1, c);
  return safe + '\'';
}

std::string forZsh(const std::string& text) {
  return quoted(text, "'\\''");
}

/// A backslash counts between fish's quotes.
std::string forFish(const std::string& text) {
  std::string doubled;
  for (const char c : text) doubled += c == '\\' ? "\\\\" : std::string(1, c);
  return quoted(doubled, "\\'");
}

/// The part of zsh's script that knows one verb.
std::string zshCase(const Verb& verb) {
  const CommandLine line = verb.commandLine({});
  std::string options = "        '--help:Print its options.'\n", values;
  for (const LineOption& option : line.options()) {
    const std::vector<std::string> all = spellingsOf(option);
    for (const std::string& name : all)
      options += fmt::format("        {}\n", forZsh(name + ":" + option.sentence));
    if (const std::vector<std::string> words = valuesOf(option); !words.empty())
      values += fmt::format("        {}) values=({}) ;;\n", fmt::join(all, "|"), fmt::join(words, " "));
  }
  return fmt::format(
      "    {})\n      options=(\n{}      )\n      arguments=({})\n      case $previous in\n{}        *) ;;\n "
      "     "
      "esac\n      ;;\n",
      verb.name, options, fmt::join(line.wordChoices(), " "), values);
}

constexpr const char* kZshBeginning = R"(#compdef mixmim
# Completion of mixmim for zsh; made by `mixmim completion zsh`.
_mixmim() {
  local previous=${words[CURRENT-1]}
  local -a verbs options arguments values
  verbs=(
)";

constexpr const char* kZshEnd = R"(    *) ;;
  esac
  if (( CURRENT == 2 )); then
    _describe -t verbs verb verbs
  elif (( ${#values} )); then
    compadd -a values
  elif [[ ${words[CURRENT]} == -* ]]; then
    _describe -t options option options
  elif (( ${#arguments} )); then
    compadd -a arguments
  else
    _files
  fi
}
if [[ ${funcstack[1]} == _mixmim ]]; then _mixmim "$@"; else compdef _mixmim mixmim; fi
)";

/// fish's lines about an option of a verb.
std::string fishLines(const std::string& start, const LineOption& option) {
  std::string lines;
  const std::vector<std::string> values = valuesOf(option);
  const bool truth = option.isSetting && option.range == "true, false";
  for (const std::string& name : spellingsOf(option)) {
    lines += start + " -l " + name.substr(2) + " -d " + forFish(option.sentence);
    if (!values.empty())
      lines +=
          fmt::format(" {} -a {}", truth ? "-f" : "-x", forFish(fmt::format("{}", fmt::join(values, " "))));
    else if (option.takesValue)
      lines += " -r";
    lines += '\n';
  }
  return lines;
}

}  // namespace

std::string zshCompletion() {
  std::string names, cases;
  for (const Verb& verb : verbs()) {
    names += fmt::format("    {}\n", forZsh(verb.name + ":" + verb.sentence));
    cases += zshCase(verb);
  }
  return kZshBeginning + names + "  )\n  case ${words[2]} in\n" + cases + kZshEnd;
}

std::string fishCompletion() {
  std::string script = "# Completion of mixmim for fish; made by `mixmim completion fish`.\n";
  for (const Verb& verb : verbs())
    script += fmt::format("complete -c mixmim -n __fish_use_subcommand -f -a {} -d {}\n", verb.name,
                          forFish(verb.sentence));
  for (const Verb& verb : verbs()) {
    const CommandLine line = verb.commandLine({});
    const std::string start =
        fmt::format("complete -c mixmim -n '__fish_seen_subcommand_from {}'", verb.name);
    script += start + " -l help -d 'Print its options.'\n";
    for (const LineOption& option : line.options()) script += fishLines(start, option);
    if (!line.wordChoices().empty())
      script += start + " -f -a " + forFish(fmt::format("{}", fmt::join(line.wordChoices(), " "))) + "\n";
  }
  return script;
}

}  // namespace cv::mixmim
