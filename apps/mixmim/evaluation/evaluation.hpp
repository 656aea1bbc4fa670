// Accuracy of anything that turns a batch into scores.
#pragma once

#include <boost/json/object.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/pipeline.hpp"
#include "evaluation/mistakes.hpp"
#include "opencv2/mixmim/train/world.hpp"

namespace cv::mixmim {

struct EvaluationResult {
  int64_t images = 0;
  double top1 = 0, top5 = 0;  ///< 0..1
  double loss = 0;            ///< mean cross entropy
  cv::Mat confusion;          ///< classes x classes, CV_32S, row = true class, column = answer

  int64_t imagesOf(int label) const;  ///< images of that class
  double top1Of(int label) const;     ///< 0..1; 0 for a class without images
};

/// Adds up answers as answers.hpp tells right from wrong. Every image counts once; images without a label do
/// not count.
class Accuracy {
 public:
  /// `batches`: losses are added up batch by batch, and then those sums in their order, so that it does not
  /// matter who computed which batch.
  explicit Accuracy(int classes, int64_t batches = 1);
  void add(const float* scores, int label, int64_t batch = 0);
  /// Adds what other processes have added for other batches.
  void addOthers(World& world);
  EvaluationResult result() const;

 private:
  int classes_;
  double top1_ = 0, top5_ = 0;
  std::vector<double> losses_;  ///< by batch
  cv::Mat confusion_;
};

/// Runs every image of `source` through the evaluation transform and `scores` (count x classes, CV_32F).
/// Several processes take a part of the batches each, and all get the result of the whole, the same bits for
/// any number of them. `mistakes`, if it is not null, collects the wrong answers.
EvaluationResult evaluate(const std::shared_ptr<const Source>& source, const Config& config, int classes,
                          const std::function<cv::Mat(const Batch&)>& scores,
                          World& world = *aloneInTheWorld(), Mistakes* mistakes = nullptr);

/// "images", "top1", "top5", "loss" and "per_class" of a result, for a file or an answer. `labels`: one per
/// class.
boost::json::object toJson(const EvaluationResult& result, const std::vector<std::string>& labels);

/// Throws Error when the classes of a data set are not the model's, naming the first difference.
void checkLabels(const std::string& where, const std::vector<std::string>& data,
                 const std::vector<std::string>& model);

}  // namespace cv::mixmim
