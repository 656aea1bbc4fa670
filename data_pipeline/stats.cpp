#include "data_pipeline/stats.hpp"

namespace cv::mixmim {

PipelineStats PipelineCounters::snapshot() const {
  PipelineStats stats;
  stats.images = images;
  stats.batches = batches;
  stats.bad = bad;
  stats.warned = warned;
  stats.read = read.seconds();
  stats.decode = decode.seconds();
  stats.resize = resize.seconds();
  stats.augment = augment.seconds();
  stats.mix = mix.seconds();
  stats.waitForBatch = waitForBatch.seconds();
  stats.waitForBuffer = waitForBuffer.seconds();
  return stats;
}

}  // namespace cv::mixmim
