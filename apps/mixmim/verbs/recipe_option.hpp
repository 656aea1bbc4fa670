// --recipe of the verbs that run the pipeline one way or another.
#pragma once

#include <optional>
#include <string>

#include "data_pipeline/recipe.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// "pretrain", "finetune" or "eval"; nothing for other words.
std::optional<Recipe> recipeNamed(const std::string& word);

/// The task whose settings, and whose defaults, count under a recipe.
Task taskOf(Recipe recipe);

}  // namespace cv::mixmim
