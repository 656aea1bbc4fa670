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
#include "targets/target_reader.hpp"

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
  SampleLoader(std::shared_ptr<const Source> source, const TargetReader& targets, const Config& config,
               Recipe recipe, PipelineCounters& counters, BadImages& badImages);

  /// Encoded bytes of an image; returns the reason if that failed, else "".
  std::string read(int64_t index, std::vector<uint8_t>& bytes) const;

  /// Fills a slot of `work` with its image and target, and the results in its job. `bytes` holds the file and
  /// is reused for replacements.
  ///
  /// Random numbers: Rng(seed, key, epoch, purpose), a purpose per kind of augmentation; see keyOf. A damaged
  /// image is replaced by the one that Rng(seed, position, epoch, kSubstitute) names, with its target; in
  /// evaluation the slot stays empty instead. Throws Error when there are too many damaged images.
  void load(RingBatch& work, size_t slot, std::vector<uint8_t>& bytes, Scratch& scratch) const;

 private:
  std::string tryToFill(RingBatch& work, size_t slot, const std::vector<uint8_t>& bytes,
                        Scratch& scratch) const;
  /// The key of a sample's random numbers: its image, or its position where an image may come several times
  /// in an epoch, because it shall not come alike.
  int64_t keyOf(const SampleJob& job) const;
  /// The pixels alone; returns what they show.
  View fill(SampleJob& job, int64_t epoch, const std::vector<uint8_t>& bytes, Scratch& scratch,
            cv::Mat pixels) const;

  std::shared_ptr<const Source> source_;
  const TargetReader& targets_;
  AugmentConfig augment_;
  Orientation orientation_;
  bool balanced_;
  uint64_t seed_;
  Recipe recipe_;
  PipelineCounters& counters_;
  BadImages& badImages_;
};

}  // namespace cv::mixmim
