#include "network/weights.hpp"

#include "model/resize_weights.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

/// float32 values of a border tensor, on the CPU; shares its memory.
at::Tensor fromBorder(const std::string& name, const Tensor& value) {
  if (value.dtype != DType::kF32)
    throw Error(name, std::string("expected F32 values, got ") + nameOf(value.dtype));
  return at::from_blob(value.bytes.data, value.shape, at::kFloat);
}

std::string shapeText(at::IntArrayRef shape) {
  std::string text = "[";
  for (size_t d = 0; d < shape.size(); ++d) text += (d ? ", " : "") + std::to_string(shape[d]);
  return text + "]";
}

}  // namespace

Tensor toBorder(const at::Tensor& tensor) {
  const at::Tensor flat = tensor.detach().to(at::kCPU).contiguous();
  Tensor border{DType::kF32, flat.sizes().vec(), {}};
  cv::Mat view(1, static_cast<int>(flat.nbytes()), CV_8U, flat.data_ptr());
  border.bytes = flat.is_alias_of(tensor) ? view : view.clone();
  return border;
}

void copyEntry(const at::Tensor& target, const TensorMap& from, const std::string& name) {
  const at::NoGradGuard noGrad;
  const auto found = from.find(name);
  if (found == from.end()) throw Error("optimizer state", "expected an entry " + name);
  if (at::IntArrayRef(found->second.shape) != target.sizes() || found->second.dtype != DType::kF32)
    throw Error("optimizer state", name + " has another shape or type than this model");
  target.copy_(at::from_blob(found->second.bytes.data, found->second.shape, at::kFloat));
}

Weights::Weights(const ModelConfig& model, Task task, uint64_t seed, at::Device device,
                 at::ScalarType compute, bool headOnly)
    : list_(parameters(model, task)), compute_(compute) {
  for (Parameter& parameter : list_) {
    if (headOnly && !startsWith(parameter.name, "head.")) parameter.trainable = false;
    const Tensor value = initialValue(parameter, seed);
    at::Tensor tensor =
        fromBorder(parameter.name, value).to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true);
    tensors_[parameter.name] = tensor.requires_grad_(parameter.trainable);
  }
}

const at::Tensor& Weights::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) throw Error("model", "there is no parameter called " + name);
  return found->second;
}

at::Tensor Weights::rounded(const std::string& name) const {
  const at::NoGradGuard noGrad;
  const at::Tensor& original = at(name);
  if (original.scalar_type() == compute_) return {};
  originals_.push_back(original);
  copies_.push_back(original.to(compute_));
  return copies_.back();
}

void Weights::refreshRounded() const {
  const at::NoGradGuard noGrad;
  if (!copies_.empty()) at::_foreach_copy_(copies_, originals_);
}

TensorMap Weights::toMap() const {
  TensorMap map;
  for (const auto& [name, tensor] : tensors_) map.emplace(name, toBorder(tensor));
  return map;
}

void Weights::copyInto(const std::string& name, const Tensor& value) {
  const at::NoGradGuard noGrad;
  tensors_.at(name).copy_(fromBorder(name, value));
}

void Weights::assign(const TensorMap& values) {
  std::string differences;
  for (const auto& [name, tensor] : tensors_) {
    const auto found = values.find(name);
    if (found == values.end())
      differences += " missing " + name;
    else if (at::IntArrayRef(found->second.shape) != tensor.sizes())
      differences +=
          " " + name + " is " + shapeText(found->second.shape) + " instead of " + shapeText(tensor.sizes());
  }
  if (!differences.empty()) throw Error("weights", "do not fit this model:" + differences);
  for (const auto& entry : tensors_) copyInto(entry.first, values.at(entry.first));
  refreshRounded();
}

LoadReport Weights::initialise(const TensorMap& values, uint64_t seed) {
  LoadReport report;
  for (const Parameter& parameter : list_) {
    if (startsWith(parameter.name, "head.")) {
      copyInto(parameter.name, redrawnHead(parameter, seed));
      continue;
    }
    const auto found = values.find(parameter.name);
    if (found == values.end()) {
      report.missing.push_back(parameter.name);
    } else if (found->second.shape == parameter.shape) {
      copyInto(parameter.name, found->second);
    } else {
      const auto resized =
          resizedWeight(found->second, /*from=*/{}, parameter.grid, parameter.shape, parameter.interpolation);
      if (!resized)
        throw Error(
            parameter.name,
            "expected the shape " + shapeText(parameter.shape) + ", got " + shapeText(found->second.shape),
            "the weights belong to a model of other dimensions, or of pictures that are not square and of "
            "another size");
      copyInto(parameter.name, *resized);
      report.resized.push_back(parameter.name);
    }
  }
  refreshRounded();
  for (const auto& entry : values)
    if (tensors_.count(entry.first) == 0 || startsWith(entry.first, "head."))
      report.unused.push_back(entry.first);
  return report;
}

}  // namespace cv::mixmim
