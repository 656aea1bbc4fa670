// Small models and batches for testing a Trainer through the plugin loader.
#pragma once

#include <memory>

#include "opencv2/mixmim/train/cells.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim::test {

/// The tiny model on 64 px images with 2 px patches: a 4 x 4 mask grid. Constant learning rate, no
/// regularisation.
inline Config tinyConfig(Task task, std::vector<Setting> extra = {}) {
  std::vector<Setting> settings{
      {"model", "tiny", ""},          {"model.patchSize", "2", ""}, {"size", "64", ""},
      {"optim.lr", "2e-3", ""},       {"optim.minLr", "2e-3", ""},  {"optim.warmupEpochs", "0", ""},
      {"optim.weightDecay", "0", ""}, {"threads", "2", ""}};
  if (task == Task::kFinetune) {
    const std::vector<Setting> plain{{"model.classes", "8", ""},
                                     {"model.dropPath", "0", ""},
                                     {"mix.labelSmoothing", "0", ""},
                                     {"optim.layerDecay", "1", ""}};
    settings.insert(settings.end(), plain.begin(), plain.end());
  }
  settings.insert(settings.end(), extra.begin(), extra.end());
  return resolve(task, settings);
}

/// `count` different pictures: a bright disc on a gradient, every picture with its own colours and place.
inline Batch pictures(const Config& config, int count) {
  const cv::Size size = config.model.imageSize;
  const int shape[] = {count, size.height, size.width, 3};
  Batch batch;
  batch.images.create(4, shape, CV_8U);
  batch.classTargets.create(count, 1, CV_32S);
  for (int i = 0; i < count; ++i) {
    Rng rng(1, static_cast<uint64_t>(i), 0, Purpose::kShapes);
    const double cx = rng.uniform(0.3, 0.7) * size.width, cy = rng.uniform(0.3, 0.7) * size.height,
                 radius = rng.uniform(0.15, 0.3) * size.width;
    double inside[3], outside[3];
    for (int c = 0; c < 3; ++c) {
      inside[c] = rng.uniform(0, 255);
      outside[c] = rng.uniform(0, 255);
    }
    uchar* pixel = batch.images.ptr<uchar>(i);
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        for (int c = 0; c < 3; ++c) {
          const bool disc = (x - cx) * (x - cx) + (y - cy) * (y - cy) < radius * radius;
          *pixel++ = cv::saturate_cast<uchar>(disc ? inside[c] : outside[c] * (0.5 + 0.5 * x / size.width));
        }
    batch.classTargets.at<int>(i) = i;
  }
  batch.samples.resize(static_cast<size_t>(count));
  batch.count = count;
  return batch;
}

/// Half of the cells, a different half for every seed.
inline cv::Mat randomMask(const Config& config, uint64_t seed) {
  cv::Mat mask = cv::Mat::zeros(cellsOf(config.model), CV_8U);
  Rng rng(seed, 0, 0, Purpose::kMask);
  for (int ones = 0; ones < mask.size().area() / 2;) {
    uchar& cell = mask.at<uchar>(static_cast<int>(rng.below(mask.total())));
    ones += cell == 0;
    cell = 1;
  }
  return mask;
}

/// Swaps the masked cells of image i and image N-1-i.
inline Batch mixed(const Batch& plain, const cv::Mat& mask) {
  Batch batch = plain;
  batch.images = plain.images.clone();
  batch.mixing.mask = mask;
  const cv::Size size = plain.imageSize();
  const int n = plain.capacity(), cell = size.height / mask.rows;
  for (int i = 0; i < n; ++i)
    for (int y = 0; y < size.height; ++y)
      for (int x = 0; x < size.width; ++x)
        if (mask.at<uchar>(y / cell, x / cell))
          for (int c = 0; c < 3; ++c) {
            const int to[] = {i, y, x, c}, from[] = {n - 1 - i, y, x, c};
            batch.images.at<uchar>(to) = plain.images.at<uchar>(from);
          }
  return batch;
}

}  // namespace cv::mixmim::test
