#include "evaluation/answer_sheet.hpp"

#include <cmath>

#include <fmt/format.h>

#include "evaluation/answers.hpp"
#include "inputs/picture_list.hpp"
#include "model_io/files/atomic_file.hpp"

namespace cv::mixmim {

namespace {

/// The share of `answer` after softmax.
double probabilityOf(const float* scores, int classes, int answer) {
  double sum = 0;
  for (int c = 0; c < classes; ++c) sum += std::exp(double{scores[c]} - double{scores[answer]});
  return 1 / sum;
}

}  // namespace

void AnswerSheet::add(const Batch& batch, const Answers& answers) {
  measure_.add(batch, answers);
  const int classes = answers.scores.cols;
  for (int slot = 0; slot < batch.count; ++slot) {
    const float* scores = answers.scores.ptr<float>(slot);
    const int label = batch.classTargets.at<int>(slot), answer = answerOf(scores, classes, label);
    rows_.push_back(
        {batch.samples[static_cast<size_t>(slot)], label, answer, probabilityOf(scores, classes, answer)});
  }
}

void AnswerSheet::write(const std::string& path, const Source& source) const {
  const std::vector<std::string>& labels = source.labels();
  std::string text = "path,label,answer,probability\n";
  for (const Row& row : rows_)
    text += fmt::format("{},{},{},{:.6f}\n", csvField(picturePath(source, row.sample)),
                        row.label < 0 ? "" : csvField(labels[static_cast<size_t>(row.label)]),
                        csvField(labels[static_cast<size_t>(row.answer)]), row.probability);
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::string csvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace cv::mixmim
