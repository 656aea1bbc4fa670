#include <iostream>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "apps/mixmim/checkpoint_config.hpp"
#include "apps/mixmim/deployed_scores.hpp"
#include "apps/mixmim/verb.hpp"
#include "data_pipeline/mix.hpp"
#include "opencv2/mixmim/geometry.hpp"
#include "opencv2/mixmim/preprocess.hpp"
#include "opencv2/mixmim/random.hpp"

namespace cv::mixmim {

namespace {

constexpr int kTile = 224, kGap = 6, kHeader = 28;

/// The pictures as one unmixed batch, RGB; an odd one out is paired with itself.
Batch batchOf(const std::vector<std::string>& paths, const Config& config) {
  const int count = static_cast<int>(paths.size()), side = config.model.imageSize;
  const int shape[] = {count, side, side, 3};
  Batch batch;
  batch.images.create(4, shape, CV_8U);
  batch.count = count;
  Resampler resampler;
  for (int i = 0; i < count; ++i) {
    cv::Mat seen, slot(side, side, CV_8UC3, batch.images.ptr(i));
    evalTransform(readPicture(paths[static_cast<size_t>(i)]), side, config.augment.evalCrop, resampler, seen);
    cv::cvtColor(seen, slot, cv::COLOR_BGR2RGB);
  }
  return batch;
}

/// One image of a batch, enlarged for people, BGR.
cv::Mat tile(const cv::Mat& images, int index) {
  const int side = images.size[1];
  cv::Mat bgr, large;
  cv::cvtColor(cv::Mat(side, side, CV_8UC3, const_cast<uchar*>(images.ptr(index))), bgr, cv::COLOR_RGB2BGR);
  cv::resize(bgr, large, {kTile, kTile}, 0, 0, side < kTile ? cv::INTER_CUBIC : cv::INTER_AREA);
  return large;
}

/// A row per pair: image A, image B, their mixture, A and B as reconstructed from it.
cv::Mat sheet(const cv::Mat& originals, const cv::Mat& mixed, const cv::Mat& rebuilt) {
  const int count = originals.size[0], pairs = (count + 1) / 2;
  const char* const titles[] = {"image A", "image B", "mixed", "A reconstructed", "B reconstructed"};
  constexpr int kColumns = 5;
  cv::Mat page(kHeader + pairs * (kTile + kGap), kColumns * (kTile + kGap) - kGap, CV_8UC3,
               cv::Scalar::all(255));
  for (int column = 0; column < kColumns; ++column)
    cv::putText(page, titles[column], {column * (kTile + kGap) + 4, 19}, cv::FONT_HERSHEY_SIMPLEX, 0.5,
                {60, 60, 60}, 1, cv::LINE_AA);
  for (int a = 0; a < pairs; ++a) {
    const int b = count - 1 - a;
    const cv::Mat tiles[] = {tile(originals, a), tile(originals, b), tile(mixed, a), tile(rebuilt, a),
                             tile(rebuilt, b)};
    for (int column = 0; column < kColumns; ++column)
      tiles[column].copyTo(
          page(cv::Rect(column * (kTile + kGap), kHeader + a * (kTile + kGap), kTile, kTile)));
  }
  return page;
}

}  // namespace

int runShow(const Arguments& arguments) {
  CommandLine line("show", "Pairs of pictures, their mixture, and what a pretrained model makes of it.",
                   "--init CHECKPOINT IMAGE... --out sheet.png",
                   "mixmim show --init runs/first a.jpg b.jpg --out sheet.png");
  line.option("out", "The picture to write.")
      .option("mask-seed", "Which cells are mixed.", "0")
      .settings(Task::kPretrain, {"run.init", "run.device", "run.threads", "run.trainer"})
      .words("IMAGE");
  if (!line.parse(arguments)) return kDone;
  const std::string out = line.required("out");
  const Config given = line.config();
  if (given.run.init.empty())
    throw UsageError("mixmim show: --init is needed; `mixmim show --help` explains it");
  if (line.words().size() < 2) throw UsageError("mixmim show: expected at least two pictures");
  const LoadedModel model = loadModel(given.run.init, given.run);
  const Config& config = model.info.config;

  Batch batch = batchOf(line.words(), config);
  const cv::Mat originals = batch.images.clone();
  Rng rng(static_cast<uint64_t>(line.number("mask-seed", 0, 2147483647)), 0, 0, Purpose::kMask);
  drawMask(geometryOf(config.model).cells, config.mix, rng, batch.mask);
  mixPairs(batch.images, batch.mask);
  if (!cv::imwrite(out, sheet(originals, batch.images, model.trainer->reconstruct(batch))))
    throw Error(out, "cannot be written");
  std::cout << fmt::format("{}: {} pairs\n", out, (line.words().size() + 1) / 2);
  return kDone;
}

}  // namespace cv::mixmim
