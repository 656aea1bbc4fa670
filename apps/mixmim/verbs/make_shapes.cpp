#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <opencv2/imgcodecs.hpp>

#include "data_sets/shapes.hpp"
#include "terminal/command_line.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

constexpr int kJpegQuality = 90;

void writePicture(const std::filesystem::path& path, const cv::Mat& picture) {
  if (!cv::imwrite(path.string(), picture, {cv::IMWRITE_JPEG_QUALITY, kJpegQuality}))
    throw Error(path.string(), "cannot be written");
}

CommandLine commandLine(const Arguments&) {
  CommandLine line("make-shapes",
                   "Draws a labelled, photo-like data set: ten shapes, train/ and val/ with class folders.",
                   "--out DIR [OPTION...]", "mixmim make-shapes --out shapes --per-class 400 --size 96");
  line.option("out", "Folder to write to.")
      .option("per-class", "Training pictures of every class; validation has a fifth as many more.", "400",
              "images")
      .option("size", "Side of a picture.", "96", "px")
      .option("seed", "The same seed draws the same pictures.", "0");
  return line;
}

int run(const CommandLine& line) {
  const std::filesystem::path out = line.required("out");
  const int perClass = line.number("per-class", 1, 1000000), size = line.number("size", 16, 2048);
  const auto seed = static_cast<uint64_t>(line.number("seed", 0, 2147483647));
  const int validation = std::max(1, perClass / 5);
  const std::vector<std::string>& names = shapeNames();
  Progress progress("draw", static_cast<int64_t>(names.size()) * (perClass + validation));
  int64_t done = 0;
  for (size_t shape = 0; shape < names.size(); ++shape) {
    for (const char* part : {"train", "val"}) std::filesystem::create_directories(out / part / names[shape]);
    for (int i = 0; i < perClass + validation; ++i) {
      const char* part = i < perClass ? "train" : "val";
      writePicture(out / part / names[shape] / fmt::format("{:05}.jpg", i), drawShape(shape, i, size, seed));
      progress.count(++done, "pictures");
    }
  }
  progress.end();
  std::cout << fmt::format("{} pictures of {} classes in {}\n", done, names.size(), out.string());
  return kDone;
}

}  // namespace

Verb makeShapesVerb() {
  return {"make-shapes", "draw a labelled demo data set", commandLine, run};
}

}  // namespace cv::mixmim
