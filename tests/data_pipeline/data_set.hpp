// A small data set in a temporary folder, and what a pipeline makes of it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data_pipeline/pipeline.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/images.hpp"
#include "tests/support/tars.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {

/// Class folders class0, class1, ... with pictures of different sizes.
class DataSet {
 public:
  DataSet(int classes, int perClass) {
    for (int i = 0; i < classes * perClass; ++i) {
      const std::string number = std::to_string(i + 100);
      const cv::Size size(40 + i % 7 * 9, 36 + i % 5 * 11);
      writeFile(path("class" + std::to_string(i % classes) + "/" + number + (i % 11 == 5 ? ".png" : ".jpg")),
                encoded(picture(size, i), i % 11 == 5 ? ".png" : ".jpg"));
    }
  }
  std::string root() const { return folder_.path().string(); }
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }
  std::shared_ptr<const Source> open() const { return openSource(root()); }

  /// The same images in two tar archives.
  std::shared_ptr<const Source> openPacked() const {
    const auto source = open();
    std::string shards[2];
    std::vector<uint8_t> bytes;
    for (int64_t i = 0; i < source->size(); ++i) {
      source->read(i, bytes);
      const std::string name = source->name(i), key = name.substr(0, name.rfind('.'));
      std::string& shard = shards[2 * i >= source->size()];
      shard += tarFile(name, {bytes.begin(), bytes.end()});
      shard += tarFile(key + ".cls", std::to_string(source->label(i)));
    }
    for (const int shard : {0, 1})
      writeFile(packed_ / ("x-" + std::to_string(shard) + ".tar"), shards[shard] + tarEnd());
    return openSource((packed_ / "x-{0..1}.tar").string());
  }

 private:
  TempFolder packed_;
  TempFolder folder_;
};

/// A configuration of 64-pixel images, batches of 6 and two workers.
inline PipelineOptions optionsFor(Recipe recipe) {
  PipelineOptions options;
  options.recipe = recipe;
  options.config = resolve(
      recipe == Recipe::kPretrain ? Task::kPretrain : Task::kFinetune,
      {{"model.name", "small", "test"}, {"model.imageSize", "64", "test"}, {"data.train", "x", "test"}});
  options.config.data.batch = 6;
  options.config.run.threads = 2;
  options.config.run.seed = 11;
  return options;
}

/// Everything that can differ between two batches, as one line.
inline std::string describe(const Batch& batch) {
  std::string text = std::to_string(batch.step) + " " + std::to_string(batch.epoch) + " count " +
                     std::to_string(batch.count);
  const size_t pixels = batch.images.step[0] * static_cast<size_t>(batch.count);
  text += " pixels " + std::to_string(hashOf(cv::Mat(1, static_cast<int>(pixels), CV_8U, batch.images.data)));
  for (int i = 0; i < batch.count; ++i)
    text += " " + std::to_string(batch.samples[static_cast<size_t>(i)]) + ":" +
            std::to_string(batch.classTargets.at<int>(i));
  if (!batch.mixing.mask.empty()) text += " mask " + std::to_string(hashOf(batch.mixing.mask));
  const cv::Rect& box = batch.mixing.mixture.box;
  for (const double number : {double(batch.mixing.mixture.lambda), double(box.x), double(box.y),
                              double(box.width), double(box.height)})
    text += " " + std::to_string(number);
  for (const Erasure& erasure : batch.erasures)
    text += " erase " + std::to_string(erasure.slot) + ":" + std::to_string(erasure.box.area()) + ":" +
            std::to_string(erasure.key);
  return text;
}

/// The batches of steps [first, last).
inline std::vector<std::string> run(Pipeline& pipeline, int64_t first, int64_t last) {
  std::vector<std::string> batches;
  pipeline.start(first, last);
  while (const auto batch = pipeline.next()) batches.push_back(describe(*batch));
  return batches;
}

inline std::vector<std::string> run(std::shared_ptr<const Source> source, const PipelineOptions& options,
                                    int64_t first, int64_t last) {
  Pipeline pipeline(std::move(source), options);
  return run(pipeline, first, last);
}

}  // namespace cv::mixmim::test
