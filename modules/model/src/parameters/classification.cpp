#include "parameters/heads.hpp"
#include "parameters/parameter_list.hpp"

namespace cv::mixmim {

std::vector<Parameter> classificationParameters(const ModelConfig& model) {
  const Plan plan = planOf(model);
  ParameterList list(plan);
  list.encoderPositions();
  list.encoder(model.classes);
  return list.take();
}

}  // namespace cv::mixmim
