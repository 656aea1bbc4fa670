#include "parameters/heads.hpp"
#include "parameters/parameter_list.hpp"

namespace cv::mixmim {

namespace {

void decoder(ParameterList& list, const ModelConfig& model, const Plan& plan) {
  list.startBy(StartRule::kXavier);  // whatever the encoder's rule is
  const int64_t dim = model.decoderDim;
  list.linear("decoder_embed", plan.featureDim(), dim);
  for (int n = 0; n < model.decoderDepth; ++n)
    list.block("decoder_blocks." + std::to_string(n), dim, dim * model.mlpRatio);
  list.norm("decoder_norm", dim);
  list.linear("decoder_pred", dim, plan.cellPixels());
}

}  // namespace

std::vector<Parameter> reconstructionParameters(const ModelConfig& model) {
  const Plan plan = planOf(model);
  ParameterList list(plan);
  list.maskToken(model.decoderDim);
  list.encoderPositions();
  list.positions("decoder_pos_embed", plan.cells, model.decoderDim);
  list.encoder();
  decoder(list, model, plan);
  return list.take();
}

}  // namespace cv::mixmim
