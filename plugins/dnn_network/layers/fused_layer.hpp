// The common parts of the layers of fused_layers.hpp.
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/dnn.hpp>
#include <opencv2/dnn/shape_utils.hpp>

namespace cv::mixmim {

using cv::dnn::LayerParams;
using MatShape = decltype(cv::dnn::shape(cv::Mat()));  // of cv since OpenCV 5, of cv::dnn before
using Shapes = std::vector<MatShape>;

inline int64_t wide(int number) {
  return number;
}

/// The epsilon of a layer's LayerNorm.
float epsilonOf(const LayerParams& params);

/// The base of all fused layers: one array in, one out.
class FusedLayer : public cv::dnn::Layer {
 public:
  explicit FusedLayer(const LayerParams& params) : cv::dnn::Layer(params) { blobs.clear(); }

  bool getMemoryShapes(const Shapes& given, const int, Shapes& results, Shapes& internals) const override {
    CV_Assert(given.size() == 1);
    results.assign(1, outputShape(given[0]));
    internals = internalShapes(given[0]);
    return inPlace();
  }

  void finalize(cv::InputArrayOfArrays given, cv::OutputArrayOfArrays) override {
    std::vector<cv::Mat> arrays;
    given.getMatVector(arrays);
    prepare(cv::dnn::shape(arrays[0]));
  }

  void forward(cv::InputArrayOfArrays given, cv::OutputArrayOfArrays results,
               cv::OutputArrayOfArrays internals) override {
    std::vector<cv::Mat> in, out, between;
    given.getMatVector(in);
    results.getMatVector(out);
    internals.getMatVector(between);
    if (inPlace() && in[0].data != out[0].data) in[0].copyTo(out[0]);
    run(in[0], out[0], between);
  }

 private:
  virtual MatShape outputShape(const MatShape& input) const { return input; }
  virtual Shapes internalShapes(const MatShape&) const { return {}; }
  virtual bool inPlace() const { return false; }
  virtual void prepare(const MatShape& input) = 0;
  virtual void run(const cv::Mat& in, cv::Mat& out, std::vector<cv::Mat>& internals) = 0;
};

/// The network keeps the parameters it made a layer from; the weights in them are no longer needed then.
template <class Made>
cv::Ptr<cv::dnn::Layer> makeLayer(LayerParams& params) {
  auto layer = cv::makePtr<Made>(params);
  params.blobs.clear();
  return layer;
}

// One for each type of layer, for cv::dnn::LayerFactory.
cv::Ptr<cv::dnn::Layer> makePatchEmbedding(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeTokenEmbedding(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeAttention(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeReducedAttention(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeMlp(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeConvolvedMlp(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makePositions(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeNorm(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeMerging(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makePool(LayerParams& params);
cv::Ptr<cv::dnn::Layer> makeClassifier(LayerParams& params);

}  // namespace cv::mixmim
