// evaluation/ of a run folder: what the best checkpoint answers to the validation pictures.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cv::mixmim::report {

/// A picture and the answer it got. Its text is not trusted.
struct AnsweredPicture {
  std::string file;                              ///< the thumbnail: a plain name in evaluation/
  std::string name;                              ///< the picture's path inside the data set
  std::string label, answer;                     ///< class names
  double probability = 0, labelProbability = 0;  ///< of the answer and of the true class
};

/// The numbers of one label where a picture may have several; shares, 0..1.
struct LabelNumbers {
  int64_t images = 0;
  double ap = 0, precision = 0, recall = 0, f1 = 0;
};

struct EvaluationRecord {
  int64_t step = 0, images = 0;
  std::string data;
  double top1 = 0, top5 = 0;           ///< one class per picture
  double map = 0, f1 = 0, exact = 0;   ///< several labels
  std::vector<LabelNumbers> perLabel;  ///< the same; none where pictures have one class
  std::vector<std::string> labels;
  std::map<std::pair<int, int>, int64_t>
      confusion;  ///< (true class, answer) -> pictures, where there are any
  std::vector<AnsweredPicture> hardest, confident;

  int64_t imagesOf(int label) const;
  int64_t count(int label, int answer) const;
};

/// Reads evaluation.json. Throws Error naming `where` for anything that keepEvaluation would not write.
EvaluationRecord parseEvaluation(std::string_view text, const std::string& where);

}  // namespace cv::mixmim::report
