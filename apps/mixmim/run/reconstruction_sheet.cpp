#include "run/reconstruction_sheet.hpp"

#include <algorithm>

#include <opencv2/imgproc.hpp>

#include "data_pipeline/mix.hpp"
#include "opencv2/mixmim/train/cells.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

namespace {

constexpr int kWidth = 224, kGap = 6, kHeader = 28;

/// One image of a batch, enlarged for people, BGR.
cv::Mat tile(const Batch& batch, int slot, cv::Size size) {
  cv::Mat bgr, large;
  cv::cvtColor(batch.picture(slot), bgr, cv::COLOR_RGB2BGR);
  cv::resize(bgr, large, size, 0, 0, bgr.cols < size.width ? cv::INTER_CUBIC : cv::INTER_AREA);
  return large;
}

/// A row per pair: image A, image B, their mixture, A and B as reconstructed from it.
cv::Mat sheet(const Batch& originals, const Batch& mixed, const Batch& rebuilt) {
  const int count = originals.capacity(), pairs = (count + 1) / 2;
  const cv::Size seen = originals.imageSize(),
                 size(kWidth, std::max(1, kWidth * seen.height / std::max(1, seen.width)));
  const char* const titles[] = {"image A", "image B", "mixed", "A reconstructed", "B reconstructed"};
  constexpr int kColumns = 5;
  cv::Mat page(kHeader + pairs * (size.height + kGap), kColumns * (kWidth + kGap) - kGap, CV_8UC3,
               cv::Scalar::all(255));
  for (int column = 0; column < kColumns; ++column)
    cv::putText(page, titles[column], {column * (kWidth + kGap) + 4, 19}, cv::FONT_HERSHEY_SIMPLEX, 0.5,
                {60, 60, 60}, 1, cv::LINE_AA);
  for (int a = 0; a < pairs; ++a) {
    const int b = count - 1 - a;
    const cv::Mat tiles[] = {tile(originals, a, size), tile(originals, b, size), tile(mixed, a, size),
                             tile(rebuilt, a, size), tile(rebuilt, b, size)};
    for (int column = 0; column < kColumns; ++column)
      tiles[column].copyTo(
          page(cv::Rect({column * (kWidth + kGap), kHeader + a * (size.height + kGap)}, size)));
  }
  return page;
}

}  // namespace

cv::Mat reconstructionSheet(Trainer& trainer, const Batch& pictures, uint64_t maskSeed) {
  const Config& config = trainer.config();
  Batch mixed = pictures;
  mixed.images = pictures.images.clone();
  Rng rng(maskSeed, 0, 0, Purpose::kMask);
  drawMask(cellsOf(config.model), config.mix, rng, mixed.mixing.mask);
  mixPairs(mixed.images, mixed.mixing.mask);
  Batch rebuilt;
  rebuilt.images = trainer.answers(mixed).pictures;
  return sheet(pictures, mixed, rebuilt);
}

}  // namespace cv::mixmim
