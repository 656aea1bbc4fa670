#include "fused_network.hpp"

#include "layers/fused_layers.hpp"
#include "model/plan.hpp"
#include "model_io/onnx/model_of_constants.hpp"
#include "network_builder.hpp"

namespace cv::mixmim {

ModelConfig modelOf(const DeployedModel& about, const TensorMap& constants, const std::string& where) {
  return about.model ? *about.model : modelOfConstants(constants, about.inputSize, where);
}

cv::dnn::Net fusedNetwork(const TensorMap& constants, const ModelConfig& model, const std::string& where,
                          bool int8) {
  registerFusedLayers();
  const Plan plan = planOf(model);
  const Constants checked(constants, where);
  return NetworkBuilder(checked, plan, int8).build();
}

}  // namespace cv::mixmim
