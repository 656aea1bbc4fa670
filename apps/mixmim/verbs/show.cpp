#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "inputs/checkpoint_config.hpp"
#include "inputs/picture_batch.hpp"
#include "run/reconstruction_sheet.hpp"
#include "terminal/exit_codes.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

/// An ending for which OpenCV writes pictures. A name without one is asked first, because OpenCV throws.
bool isPictureName(const std::string& path) {
  return std::filesystem::path(path).has_extension() && cv::haveImageWriter(path);
}

CommandLine commandLine(const Arguments&) {
  CommandLine line("show", "Pairs of pictures, their mixture, and what a pretrained model makes of it.",
                   "--init CHECKPOINT IMAGE... --out sheet.png",
                   "mixmim show --init runs/first a.jpg b.jpg --out sheet.png");
  line.option("out", "The picture to write.")
      .option("mask-seed", "Which cells are mixed.", "0")
      .settings(Task::kPretrain, {"run.init", "run.device", "run.threads", "run.trainer"})
      .words("IMAGE");
  return line;
}

int run(const CommandLine& line) {
  const std::string out = line.required("out");
  if (!isPictureName(out))
    throw UsageError(fmt::format("--out: expected the name of a picture, as in sheet.png, got '{}'", out));
  const Config given = line.config();
  if (given.run.init.empty())
    throw UsageError("mixmim show: --init is needed; `mixmim show --help` explains it");
  if (line.words().size() < 2) throw UsageError("mixmim show: expected at least two pictures");
  const LoadedModel model = loadModel(given.run.init, given.run);
  std::vector<cv::Mat> pictures;
  for (const std::string& path : line.words())
    pictures.push_back(pictureOfFile(path, model.info.config.data.orientation));
  const auto maskSeed = static_cast<uint64_t>(line.number("mask-seed", 0, 2147483647));
  const cv::Mat sheet =
      reconstructionSheet(*model.trainer, pictureBatch(pictures, model.info.config), maskSeed);
  if (!cv::imwrite(out, sheet)) throw Error(out, "cannot be written");
  std::cout << fmt::format("{}: {} pairs\n", out, (line.words().size() + 1) / 2);
  return kDone;
}

}  // namespace

Verb showVerb() {
  return {"show", "original, mixed picture, and both reconstructions", commandLine, run};
}

}  // namespace cv::mixmim
