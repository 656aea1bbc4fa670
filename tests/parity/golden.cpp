#include "tests/parity/golden.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/geometry.hpp"

namespace cv::mixmim::parity {

namespace fs = std::filesystem;

const json::value& Golden::at(const char* key) const {
  const json::value* value = text.if_contains(key);
  if (!value) throw Error(name + ".json", std::string("expected an entry ") + key);
  return *value;
}

Golden readGolden(const std::string& folder, const std::string& name) {
  const fs::path path = fs::path(folder) / (name + ".json"),
                 tensors = fs::path(folder) / (name + ".safetensors");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string(), "cannot be read");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Golden golden{name, parseJson(text, path.string()).as_object(), {}};
  if (fs::exists(tensors)) golden.tensors = readSafetensors(tensors.string());
  return golden;
}

Config configOf(const Golden& golden, Task task, Report& report) {
  const json::object& wanted = golden.at("config").as_object();
  const auto integer = [&](const char* key) { return wanted.at(key).to_number<int>(); };
  Config config;
  config.run.task = task;
  ModelConfig& model = config.model;
  model.name = golden.name;
  model.imageSize = integer("img_size");
  model.embedDim = integer("embed_dim");
  model.depths = json::value_to<std::vector<int>>(wanted.at("depths"));
  model.mlpRatio = integer("mlp_ratio");
  const auto heads = json::value_to<std::vector<int>>(wanted.at("num_heads"));
  const auto windows = json::value_to<std::vector<int>>(wanted.at("window_size"));
  model.headDim = model.embedDim / heads.at(0);
  if (task == Task::kPretrain) {
    model.decoderDim = integer("decoder_dim");
    model.decoderDepth = integer("decoder_depth");
    model.decoderHeads = integer("decoder_num_heads");
    model.normPixLoss = wanted.at("norm_pix_loss").as_bool();
    model.classes = 0;
  } else {
    model.classes = integer("classes");
  }
  Quantity quantity(report, golden.name + " heads and windows");
  const Geometry geometry = geometryOf(model);
  for (size_t s = 0; s < geometry.stages.size(); ++s) {
    quantity.addExact(cv::format("heads of stage %zu", s + 1), geometry.stages[s].heads, heads.at(s));
    quantity.addExact(cv::format("window of stage %zu", s + 1), geometry.stages[s].window, windows.at(s));
  }
  return config;
}

std::vector<double> numbersOf(const json::value& array) {
  std::vector<double> numbers;
  for (const json::value& item : array.as_array()) numbers.push_back(item.to_number<double>());
  return numbers;
}

at::Tensor toTorch(const Tensor& tensor) {
  const auto type = tensor.dtype == DType::kF32   ? at::kFloat
                    : tensor.dtype == DType::kI64 ? at::kLong
                                                  : at::kInt;
  return at::from_blob(const_cast<uchar*>(tensor.bytes.data), tensor.shape, type).clone();
}

namespace {

double largest(const at::Tensor& tensor) {
  return tensor.abs().max().item<double>();
}

double activationTolerance(double largestValue) {
  return kActivationTolerance + kActivationTolerance * largestValue;
}

bool sameShape(Quantity& quantity, const std::string& where, const at::Tensor& got,
               const std::vector<int64_t>& wanted) {
  const bool same = got.sizes() == at::IntArrayRef(wanted);
  if (!same) quantity.addExact(where + " elements, or their order", static_cast<double>(got.numel()), -1);
  return same;
}

}  // namespace

void compareDescription(Quantity& quantity, const std::string& where, const at::Tensor& got,
                        const json::value& wanted) {
  constexpr double kSumTolerance =
      2e-6;  // of the sum of absolute values: roundings of single elements mostly cancel
  const json::object& about = wanted.as_object();
  const at::Tensor values = got.detach().contiguous().to(at::kDouble);
  if (!sameShape(quantity, where, values, json::value_to<std::vector<int64_t>>(about.at("shape")))) return;
  const double scale = largest(values), total = values.abs().sum().item<double>();
  quantity.add(where + " sum", values.sum().item<double>(), about.at("sum").to_number<double>(),
               kSumTolerance * total, total);
  quantity.add(where + " abs_sum", total, about.at("abs_sum").to_number<double>(), kSumTolerance * total,
               total);
  for (const json::value& sample : about.at("samples").as_array()) {
    const auto index = sample.at(0).to_number<int64_t>();
    quantity.add(where + cv::format("[%ld]", static_cast<long>(index)),
                 values.flatten()[index].item<double>(), sample.at(1).to_number<double>(),
                 activationTolerance(scale), scale);
  }
}

void compareTensor(Quantity& quantity, const std::string& where, const at::Tensor& got,
                   const Tensor& wanted) {
  const at::Tensor values = got.detach().contiguous().to(at::kDouble),
                   golden = toTorch(wanted).to(at::kDouble);
  if (!sameShape(quantity, where, values, wanted.shape)) return;
  const double scale = largest(golden);
  const at::Tensor difference = (values - golden).abs().flatten();
  const auto worst = difference.argmax().item<int64_t>();
  quantity.add(
      where + cv::format("[%ld] of %ld", static_cast<long>(worst), static_cast<long>(difference.numel())),
      values.flatten()[worst].item<double>(), golden.flatten()[worst].item<double>(),
      activationTolerance(scale), scale);
}

}  // namespace cv::mixmim::parity
