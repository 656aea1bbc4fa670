#include "objectives/objective.hpp"

#include <opencv2/core.hpp>

#include "compute/pixel_kernels.hpp"
#include "objectives/classification.hpp"
#include "objectives/reconstruction.hpp"

namespace cv::mixmim {

std::unique_ptr<Objective> makeObjective(const Config& config, const Weights& weights, const Encoder& encoder,
                                         Transfer& transfer) {
  switch (config.run.task) {
    case Task::kPretrain:
      return std::make_unique<Reconstruction>(config, weights, encoder, transfer);
    case Task::kFinetune:
      return std::make_unique<Classification>(config, weights, encoder, transfer);
  }
  CV_Error(cv::Error::StsBadArg, "no task");
}

at::Tensor featuresOf(const Encoder& encoder, Transfer& transfer, const Batch& batch) {
  const at::NoGradGuard noGrad;
  const at::Tensor images = transfer.upload(batch.images).narrow(0, 0, batch.count);
  const at::Tensor features = encoder.features(normalise(images));
  transfer.wait();
  return features;
}

}  // namespace cv::mixmim
