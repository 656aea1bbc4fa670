#include "verbs/recipe_option.hpp"

#include <opencv2/core.hpp>

namespace cv::mixmim {

std::optional<Recipe> recipeNamed(const std::string& word) {
  if (word == "pretrain") return Recipe::kPretrain;
  if (word == "finetune") return Recipe::kFinetune;
  if (word == "eval") return Recipe::kEval;
  return std::nullopt;
}

Task taskOf(Recipe recipe) {
  switch (recipe) {
    case Recipe::kPretrain:
    case Recipe::kEval:
      return Task::kPretrain;
    case Recipe::kFinetune:
      return Task::kFinetune;
  }
  CV_Error(cv::Error::StsBadArg, "no recipe");
}

}  // namespace cv::mixmim
