#include "evaluation/answer_sheet.hpp"

#include <utility>

#include <fmt/format.h>

#include "evaluation/answers.hpp"
#include "inputs/picture_list.hpp"
#include "model_io/files/atomic_file.hpp"

namespace cv::mixmim {

namespace {

/// The probabilities of a row of scores.
std::vector<float> probabilities(const float* scores, int classes, Labelling labelling) {
  const cv::Mat row(1, classes, CV_32F, const_cast<float*>(scores));
  const cv::Mat shares = probabilitiesOf(row, labelling == Labelling::kSeveral);
  return {shares.begin<float>(), shares.end<float>()};
}

class ClassSheet final : public AnswerSheet {
 public:
  using AnswerSheet::AnswerSheet;

 private:
  void collect(const Batch& batch, int slot, const float* scores, int classes) override {
    const int label = batch.classTargets.at<int>(slot), answer = answerOf(scores, classes, label);
    rows_.push_back(
        {label, answer, probabilities(scores, classes, Labelling::kOne)[static_cast<size_t>(answer)]});
  }
  std::string header(const std::vector<std::string>&) const override { return "label,answer,probability"; }
  std::string line(size_t row, const std::vector<std::string>& labels) const override {
    const auto& [label, answer, probability] = rows_[row];
    return fmt::format("{},{},{:.6f}", label < 0 ? "" : csvField(labels[static_cast<size_t>(label)]),
                       csvField(labels[static_cast<size_t>(answer)]), probability);
  }

  struct Row {
    int label, answer;
    float probability;  ///< of the answer
  };
  std::vector<Row> rows_;
};

class LabelSheet final : public AnswerSheet {
 public:
  using AnswerSheet::AnswerSheet;

 private:
  void collect(const Batch& batch, int slot, const float* scores, int classes) override {
    const auto* truth = batch.labelTargets.ptr<uchar>(slot);
    rows_.push_back({{truth, truth + classes}, probabilities(scores, classes, Labelling::kSeveral)});
  }
  std::string header(const std::vector<std::string>& labels) const override {
    std::string text = "labels,answers";
    for (const std::string& label : labels) text += ',' + csvField(label);
    return text;
  }
  std::string line(size_t row, const std::vector<std::string>& labels) const override {
    constexpr float kHalf = 0.5f;
    const auto& [truth, probability] = rows_[row];
    std::string present, answered, all;
    for (size_t i = 0; i < labels.size(); ++i) {
      if (truth[i] != 0) present += (present.empty() ? "" : "|") + labels[i];
      if (probability[i] > kHalf) answered += (answered.empty() ? "" : "|") + labels[i];
      all += fmt::format(",{:.6f}", probability[i]);
    }
    return csvField(present) + ',' + csvField(answered) + all;
  }

  struct Row {
    std::vector<uchar> truth;
    std::vector<float> probability;
  };
  std::vector<Row> rows_;
};

}  // namespace

void AnswerSheet::add(const Batch& batch, const Answers& answers) {
  measure_.add(batch, answers);
  for (int slot = 0; slot < batch.count; ++slot) {
    samples_.push_back(batch.samples[static_cast<size_t>(slot)]);
    collect(batch, slot, answers.scores.ptr<float>(slot), answers.scores.cols);
  }
}

void AnswerSheet::write(const std::string& path, const Source& source) const {
  const std::vector<std::string>& labels = source.labels();
  std::string text = "path," + header(labels) + '\n';
  for (size_t row = 0; row < samples_.size(); ++row)
    text += csvField(picturePath(source, samples_[row])) + ',' + line(row, labels) + '\n';
  AtomicFile file(path);
  file.write(text);
  file.commit();
}

std::unique_ptr<AnswerSheet> makeAnswerSheet(Tally& measure, Labelling labelling) {
  if (labelling == Labelling::kSeveral) return std::make_unique<LabelSheet>(measure);
  return std::make_unique<ClassSheet>(measure);
}

std::string csvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace cv::mixmim
