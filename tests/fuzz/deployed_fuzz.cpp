// Any bytes as a model for Classifier::create: an Error, or a classifier that answers with finite numbers or
// an Error. Every input is tried as it is and with descriptions whose hash fits its network, of a MixMIM, of
// one that does not say which model it is, and of other encoders: the hash in a description keeps accidents
// from the network's reader, but not somebody who writes it anew.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include <opencv2/core/utils/logger.hpp>

#include "model_io/onnx/deployed_model.hpp"
#include "model_io/onnx/file.hpp"
#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/fuzz/small_model.hpp"

namespace {

using cv::mixmim::DeployedModel;

/// A field of bytes in protobuf's wire format.
std::string field(int number, const std::string& bytes) {
  std::string text(1, static_cast<char>(number << 3 | 2));
  size_t length = bytes.size();
  for (; length >= 128; length /= 128) text += static_cast<char>(length % 128 + 128);
  return text + static_cast<char>(length) + bytes;
}

/// Those of small models; without the model's settings, a description is of format 1.
std::vector<DeployedModel> smallDescriptions() {
  using cv::mixmim::Family;
  std::vector<DeployedModel> descriptions;
  for (const Family family :
       {Family::kMixMim, Family::kMixMim, Family::kSwin, Family::kPvt, Family::kPvtV2, Family::kTwinsSvt})
    descriptions.push_back(cv::mixmim::parseDeployedModel(cv::mixmim::test::smallModel(family), "small"));
  descriptions[1].model.reset();
  return descriptions;
}

/// `about` as metadata_props that call the network of these bytes undamaged.
std::string descriptionFor(std::string_view bytes, DeployedModel about) {
  about.graphHash = cv::mixmim::parseOnnx(bytes, "fuzz").graphHash;
  std::string text;
  for (const auto& [key, value] : metadataOf(about)) text += field(14, field(1, key) + field(2, value));
  return text;
}

void answer(const std::string& bytes) {
  const cv::mixmim::test::MemoryFile file(bytes);
  cv::mixmim::ClassifierOptions options;
  options.replayGolden = false;  // whatever it answers, it is asked
  const auto classifier = cv::mixmim::Classifier::create(file.path(), options);
  const cv::Mat picture(20, 30, CV_8UC3, cv::Scalar(10, 200, 90));
  cv::Mat vector;
  for (const auto& guess : classifier->classify(picture))
    if (!(guess.probability >= 0 && guess.probability <= 1)) std::abort();
  classifier->features(picture, vector);
  if (!cv::checkRange(vector)) std::abort();
}

/// `make` gives the bytes of a model.
template <class Make>
void use(const Make& make) {
  try {
    answer(make());
  } catch (const cv::mixmim::Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  static const std::vector<DeployedModel> descriptions = smallDescriptions();
  use([&] { return bytes; });
  for (const DeployedModel& about : descriptions) use([&] { return bytes + descriptionFor(bytes, about); });
  return 0;
}
