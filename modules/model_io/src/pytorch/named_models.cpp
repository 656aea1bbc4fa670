#include "model_io/pytorch/named_models.hpp"

#include <string>

#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim {

namespace {

bool isSameEncoder(const ModelConfig& a, const ModelConfig& b) {
  const bool headDims = a.headDim == 0 || b.headDim == 0 || a.headDim == b.headDim;
  return headDims && a.encoder == b.encoder && a.window == b.window && a.patchSize == b.patchSize &&
         a.embedDim == b.embedDim && a.dims == b.dims && a.depths == b.depths && a.mlpRatios == b.mlpRatios;
}

}  // namespace

const char* titleOf(Family family) {
  switch (family) {
    case Family::kMixMim:
      return "MixMIM";
    case Family::kSwin:
      return "Swin";
    case Family::kPvt:
      return "PVT";
    case Family::kTwinsSvt:
      return "Twins-SVT";
    case Family::kTwinsPcpvt:
      return "Twins-PCPVT";
    case Family::kPvtV2:
      return "PVTv2";
  }
  CV_Error(cv::Error::StsBadArg, "no family of encoders");
}

std::optional<ModelConfig> namedModelLike(const ModelConfig& model, Task task) {
  for (const std::string& name : modelNames()) {
    ModelConfig known = resolve(task, {{"model.name", name, name}}).model;
    if (isSameEncoder(known, model)) return known;
  }
  return std::nullopt;
}

}  // namespace cv::mixmim
