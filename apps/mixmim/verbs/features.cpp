#include <boost/json.hpp>
#include <filesystem>
#include <iostream>

#include <fmt/format.h>

#include "inputs/classifier_options.hpp"
#include "inputs/picture_list.hpp"
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

/// Numbers with the digits that a float has, because those of a double would say nothing more.
boost::json::object toJson(const std::string& path, const cv::Mat& row) {
  boost::json::array numbers;
  for (int i = 0; i < row.cols; ++i) numbers.emplace_back(std::stod(fmt::format("{}", row.at<float>(i))));
  return {{"path", path}, {"features", std::move(numbers)}};
}

/// A picture that cannot be read is named and left out; the others still get their vectors, which `lines`
/// prints.
Features featuresOf(Classifier& classifier, const PictureList& pictures, bool lines) {
  Features features;
  features.rows = cv::Mat(0, classifier.featureSize(), CV_32F);
  Progress progress("features", pictures.size());
  for (int64_t i = 0; i < pictures.size(); ++i) {
    progress.count(i, "images");
    try {
      cv::Mat row;
      classifier.features(pictures.read(i, classifier.orientation()), row);
      if (lines) std::cout << jsonText(toJson(pictures.path(i), row)) << std::endl;  // for who reads along
      features.rows.push_back(row);
      features.paths.push_back(pictures.path(i));
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

void requireOneLinePaths(const PictureList& pictures) {
  for (int64_t i = 0; i < pictures.size(); ++i)
    if (const std::string path = pictures.path(i); path.find('\n') != std::string::npos)
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
      "--model model.onnx IMAGE...|--data SRC --out FILE.npy|--json-lines [OPTION...]",
      "mixmim features --model model.onnx photos/*.jpg --out photos.npy");
  line.option("model", "The .onnx that `mixmim export` wrote.")
      .option("out", "The file of vectors, .npy; the paths go to the same name with .txt.")
      .flag("json", "Print the result as one JSON object.")
      .flag("json-lines", "Print a JSON object for every picture, with its path and its vector.");
  addThreadsOption(addClassifierOptions(addPictures(line)));
  return line;
}

int run(const CommandLine& line) {
  const bool lines = line.has("json-lines");
  if (lines && line.has("json"))
    throw UsageError("--json-lines: expected one of --json and --json-lines, got both");
  const std::string model = line.required("model"), out = lines ? line.get("out") : line.required("out"),
                    list = out.empty() ? "" : listBeside(out);
  const PictureList pictures(line);
  if (!out.empty()) requireOneLinePaths(pictures);
  computeOn(threadsOf(line));
  const auto classifier = Classifier::create(model, classifierOptionsOf(line));
  const Features features = featuresOf(*classifier, pictures, lines);
  if (!out.empty()) {
    writeLines(list, features.paths);
    writeNpy(out, features.rows);
  }
  const boost::json::object answer{{"file", out},
                                   {"list", list},
                                   {"images", features.paths.size()},
                                   {"left_out", features.leftOut},
                                   {"size", classifier->featureSize()}};
  if (line.has("json"))
    std::cout << jsonText(answer) << '\n';
  else if (!lines)
    std::cout << fmt::format("{} vectors of {} numbers in {}, their pictures in {}\n", features.paths.size(),
                             classifier->featureSize(), out, list);
  return features.leftOut == 0 ? kDone : kFailed;
}

}  // namespace

Verb featuresVerb() {
  return {"features", "write the feature vectors of pictures as .npy", commandLine, run};
}

}  // namespace cv::mixmim
