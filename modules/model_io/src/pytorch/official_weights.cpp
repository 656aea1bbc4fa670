#include <fmt/format.h>

#include "files/text.hpp"
#include "model_io/pytorch/foreign_checkpoint.hpp"
#include "opencv2/mixmim/error.hpp"
#include "pytorch/encoder_family.hpp"
#include "pytorch/foreign_names.hpp"

namespace cv::mixmim {

namespace {

/// What `valueOf` makes of each tensor that belongs to a model, under our names.
template <class Value, class ValueOf>
std::map<std::string, Value> underOfficialNames(const TensorMap& theirs, const std::string& where,
                                                const ValueOf& valueOf) {
  const OfficialNames official = officialNames(namesOf(theirs));
  refuseOtherEncoders(official.names, where);
  std::map<std::string, Value> ours;
  auto name = official.names.begin();
  for (const auto& entry : theirs) {
    const std::string& ourName = *name++;
    if (ourName.empty() || isDerived(ourName)) continue;
    if (!ours.emplace(ourName, valueOf(entry.second, ourName, official.program)).second)
      throw Error(where, fmt::format("{} is there twice", inQuotes(ourName)));
  }
  return ours;
}

}  // namespace

TensorMap officialWeights(const TensorMap& theirs, const std::string& where) {
  return underOfficialNames<Tensor>(theirs, where, officialValues);
}

std::map<std::string, std::vector<int64_t>> officialShapes(const TensorMap& theirs,
                                                           const std::string& where) {
  return underOfficialNames<std::vector<int64_t>>(
      theirs, where, [](const Tensor& tensor, const std::string&, Program) { return tensor.shape; });
}

}  // namespace cv::mixmim
