// A fine-tuned model in an OpenCV program: file in, pictures in, names out.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/network_options.hpp"
#include "opencv2/mixmim/orientation.hpp"

namespace cv::mixmim {

class Network;

/// One guess of a classifier.
struct Prediction {
  std::string label;      ///< from the model file; the index as text if the file has no labels
  int index = -1;         ///< of the class, from 0
  float probability = 0;  ///< 0..1
};

/// How Classifier::create opens a model, what computes it, and what it answers with.
struct ClassifierOptions : NetworkOptions {
  bool flip = false;  ///< answer with the mean over the picture and its mirror image; takes twice as long
};

/// A fine-tuned model behind an OpenCV-shaped interface. Knows its own preprocessing: give it any picture as
/// OpenCV reads it.
///
///   auto classifier = cv::mixmim::Classifier::create("model.onnx");
///   auto best = classifier->classifyFile("cat.jpg").front();   // best.label, best.probability
///   auto seen = classifier->classify(frame);                   // of a camera, say
///
/// Threads: all functions may be called from several threads at once; calls take turns. Signals that
/// the host handles go to another thread meanwhile, or wait for the end of a matrix product (docs/deploy.md).
/// Errors: Error.
class CV_EXPORTS Classifier {
 public:
  /// Reads a file written by `mixmim export`. Throws Error when the file is damaged, was not written by
  /// mixmim, or fails to reproduce its own test picture on this machine.
  static cv::Ptr<Classifier> create(const std::string& path, const ClassifierOptions& options = {});

  /// Over a network that is open already and may be shared (opencv2/mixmim/network.hpp). `flip`: see
  /// ClassifierOptions. Throws Error where the network's pictures are not square.
  explicit Classifier(std::shared_ptr<Network> network, bool flip = false);

  /// One image: cv::Mat or cv::UMat, 8-bit, 1, 3 (BGR) or 4 (BGRA, alpha is ignored) channels, any size ->
  /// the topK best (or all, if there are fewer classes), best first. Probabilities are the softmax over all
  /// classes; of a model with severalLabels() each label has its own, and those above 0.5 are its answer.
  std::vector<Prediction> classify(cv::InputArray image, int topK = 5);

  /// The same for a file. It is read as the pictures of the training were, which cv::imread may not do:
  /// turned as its orientation tag says, or not.
  std::vector<Prediction> classifyFile(const std::string& path, int topK = 5);

  /// The picture of a file read like that, 8-bit BGR, for the other functions.
  cv::Mat readPicture(const std::string& path) const;

  /// Several images in one forward pass (a std::vector<cv::Mat>, sizes may differ; a single image counts as a
  /// list of one) -> a list per image. The first pass with another number of images than before is slower.
  std::vector<std::vector<Prediction>> classifyBatch(cv::InputArrayOfArrays images, int topK = 5);

  /// The same as numbers: N x classes, CV_32F, scores before softmax or sigmoid.
  void logits(cv::InputArrayOfArrays images, cv::OutputArray scores);

  /// The feature vector of each image, which the classifier head reads: N x featureSize(), CV_32F. Pictures
  /// that look alike to the model have vectors at a small angle, so normalise them and compare by dot
  /// product.
  void features(cv::InputArrayOfArrays images, cv::OutputArray vectors);

  const std::vector<std::string>& labels() const;  ///< one per class; none without a head
  bool severalLabels() const;                      ///< a picture may have several labels, or none
  int featureSize() const;                         ///< numbers of a feature vector
  cv::Size inputSize() const;                      ///< px, of what the network sees
  Orientation orientation() const;                 ///< of the pictures of its training

 private:
  std::shared_ptr<Network> network_;
  bool flip_;
};

}  // namespace cv::mixmim
