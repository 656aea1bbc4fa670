// The optimiser's state in official files: moments under numbers instead of names.
#pragma once

#include <string>
#include <vector>

#include "model/parameter_groups.hpp"
#include "model_io/pth/pth.hpp"

namespace cv::mixmim {

/// Where our own files in the official layout hold their settings, as JSON.
inline constexpr const char* kConfigKey = "mixmim_config";

/// "<name>.exp_avg", "<name>.exp_avg_sq" and "step" from the value {"state": ..., "param_groups": ...}.
/// `parameters`: the trainable ones, in the order of the file's model. Throws Error where groups, shapes or
/// steps do not fit.
TensorMap readOfficialOptimizer(const PthFile& file, PthValue optimizer,
                                const std::vector<Parameter>& parameters, const Config& config);

/// Steps done, 0 where the value does not say.
int64_t officialSteps(const PthFile& file, PthValue optimizer);

/// The same value, for the parameters of `config`'s model. Throws Error naming a moment that is not in
/// `state`.
void writeOfficialOptimizer(PthWriter& file, const TensorMap& state, const Config& config);

}  // namespace cv::mixmim
