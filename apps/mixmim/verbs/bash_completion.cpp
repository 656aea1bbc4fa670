#include <fmt/format.h>
#include <fmt/ranges.h>

#include "verbs/completion_scripts.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

/// The part of the script that knows one verb.
std::string caseOf(const Verb& verb) {
  const CommandLine line = verb.commandLine({});
  std::vector<std::string> names{"--help"};
  std::string values;
  for (const LineOption& option : line.options()) {
    const std::vector<std::string> all = spellingsOf(option);
    names.insert(names.end(), all.begin(), all.end());
    if (const std::vector<std::string> words = valuesOf(option); !words.empty())
      values += fmt::format("        {}) values=\"{}\" ;;\n", fmt::join(all, "|"), fmt::join(words, " "));
  }
  return fmt::format(
      "    {})\n      options=\"{}\"\n      words=\"{}\"\n      case $previous in\n{}        *) ;;\n      "
      "esac\n      ;;\n",
      verb.name, fmt::join(names, " "), fmt::join(line.wordChoices(), " "), values);
}

constexpr const char* kBeginning = R"(# Completion of mixmim for bash; made by `mixmim completion bash`.
_mixmim() {
  local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} options="" words="" values=""
  # "--optim.lr=3" is three words to bash.
  if [[ $previous == = ]]; then previous=${COMP_WORDS[COMP_CWORD-2]}; fi
  if [[ $word == = ]]; then word="" previous=${COMP_WORDS[COMP_CWORD-1]}; fi
  case ${COMP_WORDS[1]} in
)";

// Everything else is completed as a file: `-o default`.
constexpr const char* kEnd = R"(  esac
  if ((COMP_CWORD == 1)); then words="@verbs@"; fi
  if [[ -n $values ]]; then
    words=$values
  elif [[ $word == -* ]]; then
    words=$options
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _mixmim mixmim
)";

}  // namespace

std::string bashCompletion() {
  std::string cases, end = kEnd;
  std::vector<std::string> names;
  for (const Verb& verb : verbs()) {
    cases += caseOf(verb);
    names.push_back(verb.name);
  }
  const std::string place = "@verbs@";
  end.replace(end.find(place), place.size(), fmt::format("{}", fmt::join(names, " ")));
  return kBeginning + cases + "    *) ;;\n" + end;
}

}  // namespace cv::mixmim
