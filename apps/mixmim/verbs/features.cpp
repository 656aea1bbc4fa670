#include <boost/json.hpp>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "inputs/classifier_options.hpp"
#include "inputs/picture_batch.hpp"
#include "model_io/files/atomic_file.hpp"
#include "model_io/files/npy_file.hpp"
#include "opencv2/mixmim/json.hpp"
#include "terminal/exit_codes.hpp"
#include "terminal/progress.hpp"
#include "verbs/verb.hpp"

namespace cv::mixmim {

namespace {

namespace fs = std::filesystem;

/// A vector per picture, and the pictures' paths in the same order.
struct Features {
  cv::Mat rows;
  std::vector<std::string> paths;
  int leftOut = 0;
};

/// A picture that cannot be read is named and left out; the others still get their vectors.
Features featuresOf(Classifier& classifier, const std::vector<std::string>& paths) {
  Features features;
  features.rows = cv::Mat(0, classifier.featureSize(), CV_32F);
  Progress progress("features", static_cast<int64_t>(paths.size()));
  int64_t done = 0;
  for (const std::string& path : paths) {
    progress.count(done++, "images");
    try {
      cv::Mat row;
      classifier.features(readPicture(path), row);
      features.rows.push_back(row);
      features.paths.push_back(path);
    } catch (const Error& e) {
      progress.note(std::string("mixmim: error: ") + e.what());
      ++features.leftOut;
    }
  }
  return features;
}

/// FILE.npy -> FILE.txt
std::string listBeside(const std::string& path) {
  const fs::path file = path;
  if (file.extension() != ".npy")
    throw UsageError(fmt::format("--out: expected a name that ends in .npy, got '{}'", path));
  return fs::path(file).replace_extension(".txt").string();
}

void requireOneLinePaths(const std::vector<std::string>& paths) {
  for (const std::string& path : paths)
    if (path.find('\n') != std::string::npos)
      throw Error(path, "the list of pictures has one path per line, and this one has a line break");
}

void writeLines(const std::string& path, const std::vector<std::string>& lines) {
  AtomicFile file(path);
  std::string text;
  for (const std::string& line : lines) text += line + '\n';
  file.write(text);
  file.commit();
}

CommandLine commandLine(const Arguments&) {
  CommandLine line(
      "features",
      "Writes what a deployed model sees in pictures: a vector for each, as rows of a NumPy file, "
      "and the pictures' paths in a text file beside it.",
      "--model model.onnx IMAGE... --out FILE.npy [OPTION...]",
      "mixmim features --model model.onnx photos/*.jpg --out photos.npy");
  line.option("model", "The .onnx that `mixmim export` wrote.")
      .option("out", "The file of vectors, .npy; the paths go to the same name with .txt.")
      .flag("json", "Print the result as one JSON object.")
      .words("IMAGE");
  addThreadsOption(addClassifierOptions(line));
  return line;
}

int run(const CommandLine& line) {
  const std::string model = line.required("model"), out = line.required("out"), list = listBeside(out);
  if (line.words().empty()) throw UsageError("mixmim features: expected at least one picture");
  requireOneLinePaths(line.words());
  computeOn(threadsOf(line));
  const auto classifier = Classifier::create(model, classifierOptionsOf(line));
  const Features features = featuresOf(*classifier, line.words());
  writeLines(list, features.paths);
  writeNpy(out, features.rows);
  const boost::json::object answer{{"file", out},
                                   {"list", list},
                                   {"images", features.paths.size()},
                                   {"left_out", features.leftOut},
                                   {"size", classifier->featureSize()}};
  if (line.has("json"))
    std::cout << jsonText(answer) << '\n';
  else
    std::cout << fmt::format("{} vectors of {} numbers in {}, their pictures in {}\n", features.paths.size(),
                             classifier->featureSize(), out, list);
  return features.leftOut == 0 ? kDone : kFailed;
}

}  // namespace

Verb featuresVerb() {
  return {"features", "write the feature vectors of pictures as .npy", commandLine, run};
}

}  // namespace cv::mixmim
