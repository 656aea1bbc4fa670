#include "model_io/onnx/deployed_model.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/json.hpp>

#include "model_io/files/base64.hpp"
#include "model_io/onnx/file.hpp"
#include "model_io/onnx/golden_picture.hpp"
#include "onnx/model_text.hpp"
#include "onnx/other_words.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/preprocess.hpp"

namespace cv::mixmim {

namespace json = boost::json;

namespace {

constexpr int kOldestFormat = 1, kFormat = 2;  // the oldest does not say which model it is
constexpr int kLargestSide = 4096;
const std::string kPrefix = "mixmim.";

/// Typed access to the metadata; every failure names file, key and value.
class Description {
 public:
  Description(const std::map<std::string, std::string>& metadata, const std::string& where)
      : metadata_(metadata), where_(where) {}

  bool has(const std::string& key) const { return metadata_.count(kPrefix + key) == 1; }

  const std::string& text(const std::string& key) const {
    const auto found = metadata_.find(kPrefix + key);
    if (found == metadata_.end()) fail(fmt::format("expected metadata \"{}{}\", got none", kPrefix, key));
    return found->second;
  }

  double number(const std::string& key, double min, double max) const {
    const json::value value = parse(key);
    const double number = value.is_number() ? value.to_number<double>() : NAN;
    if (!(number >= min && number <= max)) wrong(key, fmt::format("a number from {} to {}", min, max));
    return number;
  }

  int integer(const std::string& key, int min, int max) const {
    const double value = number(key, min, max);
    if (value != std::floor(value)) wrong(key, "a whole number");
    return static_cast<int>(value);
  }

  bool isList(const std::string& key) const { return parse(key).is_array(); }

  /// `find` gives an optional: the value of a word, if it is one of `words`.
  template <class Find>
  auto choice(const std::string& key, Find find, const std::string& words) const {
    const auto value = find(text(key));
    if (!value) wrong(key, words);
    return *value;
  }

  std::vector<std::string> texts(const std::string& key) const {
    std::vector<std::string> result;
    for (const json::value& item : list(key)) {
      if (!item.is_string()) wrong(key, "a JSON list of texts");
      result.emplace_back(item.get_string());
    }
    return result;
  }

  std::vector<float> numbers(const std::string& key) const {
    std::vector<float> result;
    for (const json::value& item : list(key)) {
      const float value = item.is_number() ? item.to_number<float>() : NAN;
      if (!std::isfinite(value)) wrong(key, "a JSON list of finite numbers");
      result.push_back(value);
    }
    return result;
  }

  std::map<std::string, std::string> pairs(const std::string& key) const {
    const json::value value = parse(key);
    std::map<std::string, std::string> result;
    if (!value.is_object()) wrong(key, "a JSON object of texts");
    for (const auto& item : value.get_object()) {
      if (!item.value().is_string()) wrong(key, "a JSON object of texts");
      result[std::string(item.key())] = item.value().get_string().c_str();
    }
    return result;
  }

  /// For messages of whoever reads the text of a key.
  std::string placeOf(const std::string& key) const {
    return fmt::format("{}: metadata \"{}{}\"", where_, kPrefix, key);
  }

  [[noreturn]] void wrong(const std::string& key, const std::string& expected) const {
    constexpr size_t kShown = 40;
    const std::string& value = text(key);
    fail(fmt::format("metadata \"{}{}\", expected {}, got \"{}\"", kPrefix, key, expected,
                     value.size() > kShown ? value.substr(0, kShown) + "..." : value));
  }

  [[noreturn]] void fail(const std::string& what, const std::string& hint = "export the model anew") const {
    throw Error(where_, what, hint);
  }

 private:
  json::value parse(const std::string& key) const { return parseJson(text(key), placeOf(key)); }

  json::array list(const std::string& key) const {
    json::value value = parse(key);
    if (!value.is_array()) wrong(key, "a JSON list");
    return std::move(value.get_array());
  }

  const std::map<std::string, std::string>& metadata_;
  const std::string& where_;
};

/// A side, or rows and columns in a JSON list.
cv::Size readInputSize(const Description& description) {
  const char* const kKey = "inputSize";
  if (!description.isList(kKey)) {
    const int side = description.integer(kKey, 1, kLargestSide);
    return {side, side};
  }
  const std::vector<float> sides = description.numbers(kKey);
  const auto fits = [](float side) { return side >= 1 && side <= kLargestSide && side == std::floor(side); };
  if (sides.size() != 2 || !std::all_of(sides.begin(), sides.end(), fits))
    description.wrong(kKey, fmt::format("rows and columns from 1 to {}", kLargestSide));
  return {static_cast<int>(sides[1]), static_cast<int>(sides[0])};
}

std::string textOf(cv::Size inputSize) {
  return inputSize.width == inputSize.height ? fmt::format("{}", inputSize.width)
                                             : fmt::format("[{},{}]", inputSize.height, inputSize.width);
}

cv::Mat readGoldenInput(const Description& description, cv::Size size) {
  const auto bytes = fromBase64(description.text("goldenInput"));
  const double pixels = bytes ? static_cast<double>(bytes->size()) / 3 : 0;
  const int side = pixels > 0 ? static_cast<int>(std::lround(std::sqrt(size.area() / pixels))) : 0;
  const bool fits = side > 0 && size.width % side == 0 && size.height % side == 0;
  const cv::Size squares = fits ? size / side : cv::Size();
  if (!fits || bytes->size() != size_t{3} * static_cast<size_t>(squares.area()))
    description.wrong("goldenInput", fmt::format("the pixels of a picture whose squares fill {} x {}, base64",
                                                 size.height, size.width));
  cv::Mat small(squares, CV_8UC3);
  std::memcpy(small.data, bytes->data(), bytes->size());
  return enlarged(small, side);
}

cv::Mat readFeatureAffine(const Description& description) {
  if (!description.has("featureAffine")) return {};
  const auto bytes = fromBase64(description.text("featureAffine"));
  constexpr size_t kPair = 2 * sizeof(float);
  if (!bytes || bytes->empty() || bytes->size() % kPair != 0)
    description.wrong("featureAffine", "two float32 numbers per feature, base64");
  cv::Mat affine(2, static_cast<int>(bytes->size() / kPair), CV_32F);
  std::memcpy(affine.data, bytes->data(), bytes->size());
  if (!cv::checkRange(affine)) description.wrong("featureAffine", "finite numbers");
  return affine;
}

int readFormat(const Description& description) {
  const int format = description.integer("format", 0, 1 << 30);
  if (format < kOldestFormat || format > kFormat)
    description.fail(
        fmt::format("format of the description, expected {} to {}, got {}", kOldestFormat, kFormat, format),
        "read it with the version of mixmim that wrote it");
  return format;
}

/// The settings of the network; they must be those of the rest of the description.
ModelConfig readModel(const Description& description, const DeployedModel& about) {
  const ModelConfig model = modelOfText(description.text("model"), description.placeOf("model"));
  const auto agree = [&](const char* key, int number, const char* other, int expected) {
    if (number != expected)
      description.fail(
          fmt::format("{} of the model, expected {} as {}, got {}", key, expected, other, number));
  };
  agree("imageSize", model.imageSize.height, "inputSize", about.inputSize.height);
  agree("imageSize", model.imageSize.width, "inputSize", about.inputSize.width);
  if (hasClasses(about.head))
    agree("classes", model.classes, "numbers in goldenOutput", about.goldenOutput.cols);
  return model;
}

DeployedModel describe(const OnnxFile& file, const std::string& where) {
  const Description description(file.metadata, where);
  if (!description.has("format"))
    description.fail(fmt::format("not written by mixmim, expected metadata \"{}format\", got none", kPrefix),
                     "make the file with mixmim export");
  DeployedModel model;
  const int format = readFormat(description);
  model.inputSize = readInputSize(description);
  model.evalView.crop = description.number("evalCrop", 0.01, 1);
  if (description.has("evalRule"))
    model.evalView.rule = description.choice("evalRule", evalRuleNamed, "official, timm or stretch");
  if (description.has("orientation"))
    model.orientation = description.choice("orientation", orientationNamed, "apply or ignore");
  model.head = description.choice("head", headNamed, "logits, probabilities, features or pyramid");
  model.weights = description.choice("weights", weightTypeNamed, "fp32 or fp16");
  model.labels = description.texts("labels");
  model.facts = description.pairs("facts");
  model.goldenInput = readGoldenInput(description, model.inputSize);
  const std::vector<float> answer = description.numbers("goldenOutput");
  if (answer.empty()) description.wrong("goldenOutput", "the numbers of the network's answer");
  model.goldenOutput = cv::Mat(answer, /*copyData=*/true).reshape(1, 1);
  if (!model.labels.empty() && !hasClasses(model.head))
    description.fail(fmt::format("labels, expected none for the head {}, got {}", nameOf(model.head),
                                 model.labels.size()));
  if (!model.labels.empty() && static_cast<int>(model.labels.size()) != model.goldenOutput.cols)
    description.fail(fmt::format("labels and goldenOutput, expected as many labels as numbers, got {} and {}",
                                 model.labels.size(), model.goldenOutput.cols));
  if (format > kOldestFormat) model.model = readModel(description, model);
  model.featureAffine = readFeatureAffine(description);
  model.graphHash = description.text("graphHash");
  if (model.graphHash != file.graphHash)
    description.fail(
        fmt::format("the network was damaged or changed after it was exported, expected hash {}, got {}",
                    model.graphHash, file.graphHash),
        "copy the file again or export it anew");
  return model;
}

Labelling labellingOf(const DeployedModel& model) {
  return hasSeveralLabels(model) ? Labelling::kSeveral : Labelling::kOne;
}

std::string resizeInWords(const DeployedModel& model) {
  constexpr int kPublishedSize = 224;
  const cv::Size size = model.inputSize;
  if (model.evalView.rule == EvalRule::kStretch) return "to inputSize, bicubic as in Pillow";
  const bool whole = model.evalView.rule == EvalRule::kOfficial && size.width > kPublishedSize &&
                     size.height > kPublishedSize;
  const char* side = whole ? "inputSize" : "floor(inputSize / evalCrop)";
  return fmt::format("{} {}, bicubic as in Pillow; centre crop",
                     size.width == size.height ? "shorter side to" : "to the least that covers", side);
}

/// What happens before and in the network, in words, for tools and people who do not know mixmim.
std::map<std::string, std::string> inWords(const DeployedModel& model) {
  return {{kPrefix + "output", sentenceOf(model.head, labellingOf(model))},
          {kPrefix + "input", fmt::format("N x 3 x {} x {}, float32, BGR, 0..255", model.inputSize.height,
                                          model.inputSize.width)},
          {kPrefix + "resize", resizeInWords(model)},
          {kPrefix + "normalisation", fmt::format("folded into the network: mean [{}], std [{}], RGB, 0..1",
                                                  fmt::join(kMean, ", "), fmt::join(kStd, ", "))}};
}

}  // namespace

DeployedModel readDeployedModel(const std::string& path) {
  return describe(readOnnxFile(path), path);
}

DeployedModel parseDeployedModel(std::string_view bytes, const std::string& where) {
  return describe(parseOnnx(bytes, where), where);
}

bool hasSeveralLabels(const DeployedModel& model) {
  return model.model && model.model->labels == Labelling::kSeveral;
}

double goldenTolerance(const DeployedModel& model) {
  const double relative = model.weights == WeightType::kFloat16 ? 5e-2 : 1e-3;
  return relative * std::max(1.0, cv::norm(model.goldenOutput, cv::NORM_INF));
}

std::map<std::string, std::string> metadataOf(const DeployedModel& model) {
  for (const std::string& label : model.labels)
    if (!isUtf8(label))
      throw Error(fmt::format("label '{}'", asUtf8(label)), "is not UTF-8",
                  "save the list of labels as UTF-8");
  json::object facts;
  for (const auto& [key, value] : model.facts) facts[key] = value;
  const cv::Mat small = shrunk(model.goldenInput);
  const cv::Mat_<float> golden = model.goldenOutput;
  std::map<std::string, std::string> metadata = inWords(model);
  metadata.merge(wordsOfOthers(model));
  metadata[kPrefix + "format"] = fmt::format("{}", model.model ? kFormat : kOldestFormat);
  if (model.model) metadata[kPrefix + "model"] = textOf(*model.model);
  metadata[kPrefix + "inputSize"] = textOf(model.inputSize);
  metadata[kPrefix + "evalRule"] = nameOf(model.evalView.rule);
  metadata[kPrefix + "evalCrop"] = fmt::format("{}", model.evalView.crop);
  metadata[kPrefix + "orientation"] = nameOf(model.orientation);
  metadata[kPrefix + "head"] = nameOf(model.head);
  metadata[kPrefix + "weights"] = nameOf(model.weights);
  metadata[kPrefix + "labels"] = jsonText(json::value_from(model.labels));
  metadata[kPrefix + "facts"] = jsonText(facts);
  if (!model.featureAffine.empty())
    metadata[kPrefix + "featureAffine"] =
        toBase64(model.featureAffine.data, model.featureAffine.total() * sizeof(float));
  metadata[kPrefix + "graphHash"] = model.graphHash;
  metadata[kPrefix + "goldenInput"] = toBase64(small.data, small.total() * small.elemSize());
  metadata[kPrefix + "goldenOutput"] = fmt::format("[{}]", fmt::join(golden.begin(), golden.end(), ","));
  return metadata;
}

}  // namespace cv::mixmim
