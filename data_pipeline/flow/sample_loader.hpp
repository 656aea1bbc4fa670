#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/bad_images.hpp"
#include "data_pipeline/decode.hpp"
#include "data_pipeline/recipe.hpp"
#include "data_pipeline/source.hpp"
#include "data_pipeline/stats.hpp"
#include "flow/batch_ring.hpp"
#include "opencv2/mixmim/resample.hpp"
#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Memory that a worker keeps from image to image.
struct Scratch {
  ImageDecoder decoder;
  Resampler resampler;
  cv::Mat pixels;  // of an operation that cannot work in place
};

/// One image, from its bytes to its slot in the batch: decode, augment, resize; and a replacement if it is
/// damaged. Threads: load() may run on several threads at once, with different jobs and scratch.
class SampleLoader {
 public:
  SampleLoader(std::shared_ptr<const Source> source, const Config& config, Recipe recipe,
               PipelineCounters& counters, BadImages& badImages);

  /// Encoded bytes of an image; returns the reason if that failed, else "".
  std::string read(int64_t index, std::vector<uint8_t>& bytes) const;

  /// Fills `slot`, S x S x 3 bytes, and the results in `job`. `bytes` holds the file and is reused for
  /// replacements.
  ///
  /// Random numbers: Rng(seed, index, epoch, purpose), a purpose per kind of augmentation. A damaged image is
  /// replaced by the one that Rng(seed, position, epoch, kSubstitute) names, with its label; in evaluation
  /// the slot stays empty instead. Throws Error when there are too many damaged images.
  void load(SampleJob& job, int64_t epoch, std::vector<uint8_t>& bytes, Scratch& scratch,
            cv::Mat& slot) const;

 private:
  std::string tryToFill(SampleJob& job, int64_t epoch, const std::vector<uint8_t>& bytes, Scratch& scratch,
                        cv::Mat& slot) const;
  void fill(SampleJob& job, int64_t epoch, const std::vector<uint8_t>& bytes, Scratch& scratch,
            cv::Mat& slot) const;

  std::shared_ptr<const Source> source_;
  AugmentConfig augment_;
  uint64_t seed_;
  Recipe recipe_;
  PipelineCounters& counters_;
  BadImages& badImages_;
};

}  // namespace cv::mixmim
