// A fine-tuned model in an OpenCV program: file in, pictures in, names out.
#pragma once

#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// One guess of a classifier.
struct Prediction {
  std::string label;      ///< from the model file; the index as text if the file has no labels
  int index = -1;         ///< of the class, from 0
  float probability = 0;  ///< 0..1
};

/// How Classifier::create reads a model and what computes it.
struct ClassifierOptions {
  int backend = 0;  ///< a cv::dnn::Backend; 0 = the host's default
  int target = 0;   ///< a cv::dnn::Target; 0 = CPU. A pair this OpenCV lacks is an error, not the CPU instead
  /// A cv::dnn::EngineType of OpenCV 5, for OpenCV's own layers. 0 = the host's default, except that other
  /// backends and targets take the classic engine, because it alone has them. An engine this OpenCV lacks is
  /// an error.
  int engine = 0;
  /// On the CPU: run the network in a few layers of our own, several times faster than OpenCV's. false:
  /// OpenCV's own layers, as on every other backend, target and engine.
  bool fusedLayers = true;
  /// Fused layers multiply 8-bit numbers: faster still, scores differ a little (docs/deploy.md says how
  /// much).
  bool int8 = false;
  bool flip = false;  ///< answer with the mean over the picture and its mirror image; takes twice as long
  /// Run the model's own test picture at load and compare; false saves one forward pass.
  bool replayGolden = true;
  std::string plugin = "dnn_network";  ///< plugin name or path
};

/// A fine-tuned model behind an OpenCV-shaped interface. Knows its own preprocessing: give it any picture as
/// OpenCV reads it.
///
///   auto classifier = cv::mixmim::Classifier::create("model.onnx");
///   auto best = classifier->classify(cv::imread("cat.jpg")).front();   // best.label, best.probability
///
/// Threads: all functions may be called from several threads at once; calls take turns. Signals that
/// the host handles go to another thread meanwhile, or wait for the end of a matrix product (docs/deploy.md).
/// Errors: Error.
class CV_EXPORTS Classifier {
 public:
  /// Name and version of this interface; a plugin's table holds the same.
  static constexpr const char* kInterface = "mixmim.Classifier/1";

  /// Reads a file written by `mixmim export`. Throws Error when the file is damaged, was not written by
  /// mixmim, or fails to reproduce its own test picture on this machine.
  static cv::Ptr<Classifier> create(const std::string& path, const ClassifierOptions& options = {});

  virtual ~Classifier();

  /// One image: cv::Mat or cv::UMat, 8-bit, 1, 3 (BGR) or 4 (BGRA, alpha is ignored) channels, any size ->
  /// the topK best (or all, if there are fewer classes), best first. Probabilities are the softmax over all
  /// classes.
  std::vector<Prediction> classify(cv::InputArray image, int topK = 5);

  /// Several images in one forward pass (a std::vector<cv::Mat>, sizes may differ; a single image counts as a
  /// list of one) -> a list per image. The first pass with another number of images than before is slower.
  std::vector<std::vector<Prediction>> classifyBatch(cv::InputArrayOfArrays images, int topK = 5);

  /// The same as numbers: N x classes, CV_32F, scores before softmax.
  void logits(cv::InputArrayOfArrays images, cv::OutputArray scores);

  /// The feature vector of each image, which the classifier head reads: N x featureSize(), CV_32F. Pictures
  /// that look alike to the model have vectors at a small angle, so normalise them and compare by dot
  /// product.
  void features(cv::InputArrayOfArrays images, cv::OutputArray vectors);

  const std::vector<std::string>& labels() const { return labels_; }  ///< one per class; none without a head
  int featureSize() const { return featureSize_; }                    ///< numbers of a feature vector
  int inputSize() const { return inputSize_; }  ///< side in pixels of what the network sees

 protected:
  // Implementations fill these while they are created.
  std::vector<std::string> labels_;  ///< labels()
  int inputSize_ = 0;                ///< inputSize()
  int featureSize_ = 0;              ///< featureSize()

 private:
  /// Checked images, 8-bit BGR -> N x classes, CV_32F.
  virtual cv::Mat doLogits(const std::vector<cv::Mat>& images) = 0;
  /// The same -> N x featureSize_, CV_32F.
  virtual cv::Mat doFeatures(const std::vector<cv::Mat>& images) = 0;
};

}  // namespace cv::mixmim
