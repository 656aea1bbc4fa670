// A deployed network behind one interface for every task: pictures of its own size in, numbers out. For
// plugin authors, and for the classes that give the numbers a meaning (classifier.hpp).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

#include "opencv2/mixmim/answers.hpp"
#include "opencv2/mixmim/eval_view.hpp"
#include "opencv2/mixmim/network_options.hpp"
#include "opencv2/mixmim/orientation.hpp"

namespace cv::mixmim {

/// A network's description of itself.
struct NetworkDescription {
  std::string path;    ///< of its file, for messages
  std::string head;    ///< the name of its output, for messages: "logits"
  cv::Size inputSize;  ///< px, of every picture it takes
  EvalView evalView;   ///< the part of a picture that it is shown: see evalGeometry()
  /// The use of orientation tags before it is shown a picture.
  Orientation orientation = Orientation::kIgnore;
  std::vector<std::string> labels;  ///< one per class; none where the head has no classes
  int featureSize = 0;              ///< numbers of a feature vector; 0 = the file gives none
  /// A picture may have several labels, each of its own probability.
  bool severalLabels = false;
};

/// A deployed network, which a plugin computes. It gives numbers and knows nothing of their meaning.
///
/// The public functions check what goes in and what comes out; the private doX() compute, and need not check
/// again.
///
/// Threads: answers() and features() may be called from several threads at once. So may the doX(): an
/// implementation lets calls take turns where it must. One call may use all threads of OpenCV.
/// Errors: Error.
class CV_EXPORTS Network {
 public:
  /// Name and version of this interface; a plugin's table holds the same.
  static constexpr const char* kInterface = "mixmim.Network/1";

  /// Opens a file with the plugin that the options name. Throws Error when the file is damaged or cannot be
  /// computed as the options say.
  static std::shared_ptr<Network> open(const std::string& path, const NetworkOptions& options = {});

  virtual ~Network();
  Network(const Network&) = delete;             ///< what a network holds may be large
  Network& operator=(const Network&) = delete;  ///< the same

  /// Never changes.
  const NetworkDescription& description() const { return description_; }

  /// N pictures of description().inputSize, CV_8UC3, BGR -> what the head gives, the other members empty:
  /// scores, N x labels.size(), where it has classes; features where it has none.
  Answers answers(const std::vector<cv::Mat>& inputs);

  /// The same pictures -> N x featureSize, CV_32F: the encoder's tokens averaged, which the head reads.
  cv::Mat features(const std::vector<cv::Mat>& inputs);

 protected:
  /// Throws Error where the pictures have no size.
  explicit Network(NetworkDescription description);

  /// Throws Error naming the file where `answer` is not rows x width, CV_32F. The public functions check with
  /// it what they return, an implementation what it computes that from.
  void requireRows(const cv::Mat& answer, size_t rows, int width) const;

 private:
  /// At least one picture, checked. A network that gives probabilities gives their logarithms as scores, or
  /// with several labels those of p / (1 - p), because softmax or sigmoid turn these into the probabilities
  /// again.
  virtual Answers doAnswers(const std::vector<cv::Mat>& inputs) = 0;
  /// The same. Where featureSize is 0: an Error that says what the file lacks.
  virtual cv::Mat doFeatures(const std::vector<cv::Mat>& inputs) = 0;

  const NetworkDescription description_;
};

/// The request to a plugin to open a network.
struct NetworkRequest {
  std::string path;        ///< as the application gave it; need not be UTF-8
  NetworkOptions options;  ///< what cannot be had is an error, never something else instead
};

/// The request in the JSON that PluginTable::create gets.
CV_EXPORTS NetworkRequest networkRequestFrom(const char* json);

}  // namespace cv::mixmim
