#include "onnx/other_words.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace cv::mixmim {

namespace {

/// The picture as the network takes it, in the words of ONNX's own list of metadata.
const std::map<std::string, std::string> kOnnxWords{{"Image.BitmapPixelFormat", "Bgr8"},
                                                    {"Image.ColorSpaceGamma", "SRGB"},
                                                    {"Image.NominalPixelRange", "NominalRange_0_255"}};

/// A text as Python writes it, since ultralytics reads "names" as a literal of Python.
std::string pythonText(const std::string& text) {
  std::string literal = "'";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\'' || c == '\\')
      literal += std::string("\\") + c;
    else if (code < ' ' || c == '\x7f')
      literal += fmt::format("\\x{:02x}", code);
    else
      literal += c;
  }
  return literal + '\'';
}

/// {0: 'cat', 1: 'dog'}
std::string pythonNames(const std::vector<std::string>& labels) {
  std::string names;
  for (size_t i = 0; i < labels.size(); ++i)
    names += fmt::format("{}{}: {}", i == 0 ? "" : ", ", i, pythonText(labels[i]));
  return '{' + names + '}';
}

/// The Model API cuts its list at blanks; an underscore stands for one inside a name.
std::string wordList(const std::vector<std::string>& labels) {
  std::string list;
  for (std::string label : labels) {
    std::replace(label.begin(), label.end(), ' ', '_');
    list += (list.empty() ? "" : " ") + label;
  }
  return list;
}

}  // namespace

std::map<std::string, std::string> wordsOfOthers(const DeployedModel& model) {
  std::map<std::string, std::string> words = kOnnxWords;
  words["imgsz"] = fmt::format("[{}, {}]", model.inputSize.height, model.inputSize.width);
  if (model.labels.empty()) return words;
  words["task"] = "classify";
  words["names"] = pythonNames(model.labels);
  const std::map<std::string, std::string> modelInfo{
      {"model_type", "Classification"},
      {"labels", wordList(model.labels)},
      {"multilabel", hasSeveralLabels(model) ? "True" : "False"},
      {"hierarchical", "False"},
      {"output_raw_scores", "True"},
      {"resize_type", model.evalView.rule == EvalRule::kStretch ? "standard" : "crop"},
      {"reverse_input_channels", "False"},
      {"mean_values", "0.0 0.0 0.0"},
      {"scale_values", "1.0 1.0 1.0"}};
  for (const auto& [key, value] : modelInfo) words["model_info " + key] = value;
  return words;
}

}  // namespace cv::mixmim
