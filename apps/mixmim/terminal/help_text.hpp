// Texts about the verbs: help in a terminal, and the reference in docs/cli.md. Both, like completion, come
// from the options themselves.
#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

class CommandLine;
struct LineOption;

/// An exit code of the program and its meaning.
struct ExitCode {
  std::string number, meaning;
};
const std::vector<ExitCode>& exitCodes();

/// " [images; default 128]", or "" where there is nothing to say.
std::string factsOf(const LineOption& option);

/// The help of a verb in lines of at most `width` characters, as far as words allow.
std::string helpText(const CommandLine& line, size_t width);

/// The same as a section of a document in Markdown; settings that all training verbs share are left to
/// settingsMarkdown.
std::string markdown(const CommandLine& line);
std::string settingsMarkdown(const CommandLine& pretrain, const CommandLine& finetune);

/// Columns of the terminal that standard output is, between 40 and 100; 100 where it is none.
size_t outputWidth();

}  // namespace cv::mixmim
