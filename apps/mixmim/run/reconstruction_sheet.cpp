#include "run/reconstruction_sheet.hpp"

#include <opencv2/imgproc.hpp>

#include "data_pipeline/mix.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

namespace {

constexpr int kTile = 224, kGap = 6, kHeader = 28;

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

cv::Mat reconstructionSheet(Trainer& trainer, const Batch& pictures, uint64_t maskSeed) {
  const Config& config = trainer.config();
  Batch mixed = pictures;
  mixed.images = pictures.images.clone();
  Rng rng(maskSeed, 0, 0, Purpose::kMask);
  drawMask(cellsOf(config.model).width, config.mix, rng, mixed.mixing.mask);
  mixPairs(mixed.images, mixed.mixing.mask);
  return sheet(pictures.images, mixed.images, trainer.answers(mixed).pictures);
}

}  // namespace cv::mixmim
