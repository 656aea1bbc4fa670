// Writes a network in the ONNX format, one method per operator, without protobuf.
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "model_io/onnx/profile.hpp"
#include "opencv2/mixmim/train/tensor.hpp"

namespace cv::mixmim {

/// How a convolution moves over its input.
struct ConvolutionSteps {
  int64_t stride = 1;
  cv::Size padding = {};  ///< zeros on either side, and above and below
  int64_t groups = 1;     ///< channels that do not meet those of other groups
};

/// Collects the nodes of one graph, in the order of the forward pass (IR version 7). Every operator takes its
/// own name first and returns the name of its output, which is the same, so that a network reads
/// like its formula:
///
///   OnnxBuilder net("two layers");
///   std::string x = net.input("x", {64});
///   x = net.gemm("hidden", x, weight1, bias1);
///   x = net.gemm("y", net.erf("hidden.erf", x), weight2, bias2);
///   net.output(x, {10});
///   net.write([&](const void* data, size_t size) { file.write(data, size); });
///
/// Shapes of inputs and outputs are written without the batch, which is the leading, symbolic dimension
/// "batch". Float32 constants share the memory of the tensors they are given. The same calls give the same
/// bytes.
///
/// The numbers of every constant but the first begin at a multiple of 64 bytes in the file, so that a reader
/// can use them where they are mapped.
///
/// Errors: Error when the file would pass 2 GiB, protobuf's limit. Misuse (a name used twice or before it
/// exists, a bias of the wrong length) is a bug of the caller: cv::Exception. Threads: one at a time.
class OnnxBuilder {
 public:
  using Sink = std::function<void(const void* data, size_t size)>;
  static constexpr int kIrVersion = 7;
  static constexpr int64_t kLargestFile = (int64_t{1} << 31) - 1;

  /// `description` is for people; viewers show it.
  explicit OnnxBuilder(std::string graphName, std::string description = {}, OnnxProfile profile = {});

  const OnnxProfile& profile() const { return profile_; }

  std::string input(const std::string& name, const std::vector<int64_t>& shape);
  void output(const std::string& name, const std::vector<int64_t>& shape);
  void metadata(const std::string& key, const std::string& value);

  // Constants. Those of the second kind are named by their value and stored once.
  std::string constant(const std::string& name, const Tensor& values);  ///< F32 or I64, stored as it is
  /// F32, stored in the precision of the profile's weights. Float16: the constant `name` and a Cast to
  /// float32, whose output "<name>.float" is returned. Error for a number that float16 cannot hold.
  std::string weight(const std::string& name, const Tensor& values);
  std::string scalar(float value);
  std::string filled(int64_t count, float value);  ///< a vector of equal numbers
  std::string dims(const std::vector<int64_t>& shape);

  // Operators. Weights and biases become the constants "<name>.weight" and "<name>.bias"; biases and
  // convolutions of less than kLargeConvolution numbers stay float32 in every profile.
  static constexpr int64_t kLargeConvolution = 1 << 16;
  /// x: N x C x H x W, weight: M x C / groups x rows x columns, bias: M -> N x M x rows x columns.
  std::string conv(const std::string& name, const std::string& x, const Tensor& weight, const Tensor& bias,
                   const ConvolutionSteps& steps);
  /// x: R x K, weight: M x K, bias: M -> R x M, x weight^T + bias.
  std::string gemm(const std::string& name, const std::string& x, const Tensor& weight, const Tensor& bias);
  std::string matMul(const std::string& name, const std::string& a, const std::string& b);
  std::string add(const std::string& name, const std::string& a, const std::string& b);
  std::string mul(const std::string& name, const std::string& a, const std::string& b);
  std::string div(const std::string& name, const std::string& a, const std::string& b);
  std::string erf(const std::string& name, const std::string& x);
  std::string sigmoid(const std::string& name, const std::string& x);
  std::string clip(const std::string& name, const std::string& x, float min, float max);  ///< opset 9 only
  std::string softmax(const std::string& name, const std::string& x, int axis);
  std::string reshape(const std::string& name, const std::string& x, const std::vector<int64_t>& shape);
  std::string transpose(const std::string& name, const std::string& x, const std::vector<int64_t>& order);
  /// Entries begin .. end - 1 of one axis.
  std::string slice(const std::string& name, const std::string& x, int64_t axis, int64_t begin, int64_t end);
  std::string concat(const std::string& name, const std::vector<std::string>& parts, int64_t axis);
  /// N x R x C -> N x (before + R) x C: `before` rows of zeros stand before the others.
  std::string padRows(const std::string& name, const std::string& x, int64_t before);
  /// x: N x C x D: every row of D numbers to mean 0, variance 1.
  std::string instanceNorm(const std::string& name, const std::string& x, int64_t channels, float epsilon);
  /// x: N x C x H x W -> N x C x 1 x 1
  std::string globalAveragePool(const std::string& name, const std::string& x);

  int64_t byteSize() const;  ///< of the file

  /// XXH3 (64 bits, hexadecimal) of the graph's bytes in the file: nodes and constants, without metadata.
  std::string graphHash() const;

  /// Hands the file to `sink` piece by piece, without assembling it in memory.
  void write(const Sink& sink) const;

 private:
  /// A constant: the fields before its numbers, and the numbers.
  struct Initializer {
    std::string head;
    cv::Mat bytes;
  };

  std::string node(const std::string& type, const std::string& name, const std::vector<std::string>& inputs,
                   const std::string& attributes = {});
  void defineValue(const std::string& name);
  std::string integers(const std::string& what, const std::vector<int64_t>& numbers);
  std::string store(const std::string& name, const Tensor& values);

  class Layout;
  std::string beginning(uint64_t graphSize) const;
  void writeGraph(const Layout& layout, const Sink& sink) const;
  std::string ending() const;

  std::string graphName_, description_;
  OnnxProfile profile_;
  std::string nodes_, inputs_, outputs_, metadata_;  // encoded fields
  std::vector<Initializer> initializers_;
  std::set<std::string> values_;
  uint64_t constantBytes_ = 0;
};

}  // namespace cv::mixmim
