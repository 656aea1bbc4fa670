#include "inputs/data_choices.hpp"

#include <fmt/format.h>

namespace cv::mixmim {

std::vector<Choice> followData(const RunRequest& request, const DataAtHand& data, Config& config) {
  if (!request.followsData) return {};
  std::vector<Choice> choices = choicesFor(config, request.given, data);
  applyChoices(choices, config);
  return choices;
}

std::string choicesText(const std::vector<Choice>& choices, int64_t images, const std::string& preset,
                        const std::string& before) {
  if (choices.empty()) return {};
  std::string text =
      fmt::format("{}{}, {} pictures; what was not said follows them (--preset {} does not):", before,
                  images < kManyImages ? "small data" : "data", images, preset);
  std::string why;
  for (const Choice& choice : choices) {
    const bool another = choice.why != why;
    if (another && !why.empty()) text += fmt::format(": {}", why);
    text += another ? fmt::format("\n{}  ", before) : ", ";
    text += fmt::format("{} {}", choice.key, choice.value);
    why = choice.why;
  }
  return text + fmt::format(": {}\n", why);
}

}  // namespace cv::mixmim
