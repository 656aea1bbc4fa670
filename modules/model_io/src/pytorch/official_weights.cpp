#include <fmt/format.h>

#include "files/text.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/foreign_names.hpp"

namespace cv::mixmim {

TensorMap officialWeights(const TensorMap& theirs, const std::string& where) {
  const OfficialNames official = officialNames(namesOf(theirs));
  refuseOtherEncoders(official.names, where);
  TensorMap weights;
  auto ours = official.names.begin();
  for (const auto& [theirName, tensor] : theirs) {
    const std::string& name = ours->empty() ? theirName : *ours;
    ++ours;
    if (isDerived(name)) continue;
    if (!weights.emplace(name, officialValues(tensor, name, official.program)).second)
      throw Error(where, fmt::format("{} is there twice", quoted(name)));
  }
  return weights;
}

}  // namespace cv::mixmim
