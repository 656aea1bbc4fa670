// What is deployed must answer as what was trained: trainer -> one .onnx -> OpenCV DNN.
#include <gtest/gtest.h>

#include <opencv2/imgproc.hpp>

#include "model_io/onnx/export.hpp"
#include "opencv2/mixmim.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/torch_trainer/training_fixture.hpp"

namespace cv::mixmim::test {
namespace {

/// Pictures as an application would have them: BGR, larger than the input, not square.
std::vector<cv::Mat> photos(int count) {
  std::vector<cv::Mat> all;
  for (int i = 0; i < count; ++i) {
    cv::Mat noise(12 + i % 3, 16, CV_8UC3), photo;
    Rng rng(3, static_cast<uint64_t>(i), 0, Purpose::kShapes);
    for (size_t byte = 0; byte < noise.total() * 3; ++byte)
      noise.data[byte] = static_cast<uchar>(rng.below(256));
    cv::resize(noise, photo, cv::Size(160 + i, 120), 0, 0, cv::INTER_CUBIC);
    all.push_back(photo);
  }
  return all;
}

/// The same pictures as a trainer gets them.
Batch asBatch(const std::vector<cv::Mat>& photos, const Config& config) {
  const int count = static_cast<int>(photos.size());
  const cv::Size size = config.model.imageSize;
  const int shape[] = {count, size.height, size.width, 3};
  Batch batch;
  batch.images.create(4, shape, CV_8U);
  Resampler resampler;
  for (int i = 0; i < count; ++i) {
    cv::Mat seen, slot = batch.picture(i);
    evalTransform(photos[static_cast<size_t>(i)], size, config.augment.evalView(), resampler, seen);
    cv::cvtColor(seen, slot, cv::COLOR_BGR2RGB);
  }
  batch.count = count;
  return batch;
}

struct Case {
  const char* name;
  std::vector<Setting> settings;
};

class Deployment : public ::testing::TestWithParam<Case> {};

TEST_P(Deployment, AnswersAsTheTrainerDoes) {
  std::vector<Setting> settings = GetParam().settings;
  settings.push_back({"model.classes", "8", ""});
  settings.push_back({"optim.warmupEpochs", "0", ""});
  settings.push_back({"optim.lr", "1e-3", ""});
  const Config config = resolve(Task::kFinetune, settings);
  const auto trainer = createTrainer(config);
  Batch training = pictures(config, 8);
  for (training.step = 0; training.step < 5; ++training.step)
    trainer->step(training);  // away from the initial zeros

  DeployedModel about;
  about.labels = {"a", "b", "c", "d", "e", "f", "g", "h"};
  about.evalView = config.augment.evalView();
  const TempFolder folder;
  const std::string file = (folder / "model.onnx").string();
  exportOnnx(file, trainer->state().weights, config.model, about);

  const std::vector<cv::Mat> images = photos(16);
  const cv::Mat expected = trainer->answers(asBatch(images, config)).scores;
  const auto classifier = Classifier::create(file);
  for (size_t batch : {16u, 1u, 2u, 3u}) {  // on the same network
    cv::Mat scores;
    classifier->logits(std::vector<cv::Mat>(images.begin(), images.begin() + static_cast<long>(batch)),
                       scores);
    EXPECT_LT(cv::norm(scores, expected.rowRange(0, static_cast<int>(batch)), cv::NORM_INF), 1e-3) << batch;
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, Deployment,
    ::testing::Values(Case{"small64", {{"model", "small", ""}, {"size", "64", ""}}},
                      Case{"tiny224", {{"model", "tiny", ""}}},
                      Case{"swin64",
                           {{"model", "small", ""},
                            {"model.encoder", "swin", ""},
                            {"model.depths", "2,2,2", ""},
                            {"size", "64", ""}}},
                      Case{"wide", {{"model", "small", ""}, {"size", "48x96", ""}}},
                      Case{"swinTall",
                           {{"model", "small", ""},
                            {"model.encoder", "swin", ""},
                            {"model.depths", "2,2", ""},
                            {"size", "64x32", ""}}},
                      Case{"patch2at32",
                           {{"model", "small", ""}, {"model.patchSize", "2", ""}, {"size", "32", ""}}}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace cv::mixmim::test
