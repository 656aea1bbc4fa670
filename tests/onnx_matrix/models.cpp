// onnx_matrix_models FOLDER small|base|families: writes models, pictures and what they must answer, for
// readers in other languages.
//   models.json        [{"name", "weights", "opset", "head", "size", "picturesFile", "pictures",
//                        "outputs": [{"name", "shape", "file"}]}, ...], shapes without the batch
//   NAME.onnx
//   picturesFile       pictures x size x size x 3 bytes, B G R
//   outputs' files     pictures x shape, float64
#include <boost/json.hpp>
#include <cstdio>
#include <exception>
#include <map>

#include "model/reference_forward.hpp"
#include "model_io/onnx/export.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

namespace json = boost::json;

constexpr int kPictures = 3;

struct Wanted {
  Head head;
  OnnxProfile profile;
};

std::string bytesOf(const cv::Mat& mat) {
  return {mat.ptr<char>(), mat.total() * mat.elemSize()};
}

/// One model with its weights, in several files.
class Writer {
 public:
  Writer(std::filesystem::path folder, std::string name)
      : folder_(std::move(folder)),
        name_(std::move(name)),
        model_(modelNamed(name_)),
        weights_(weightsOf(model_)) {
    cv::RNG random(11);
    cv::Mat all;
    for (int i = 0; i < kPictures; ++i) {
      pictures_.emplace_back(model_.imageSize, CV_8UC3);
      random.fill(pictures_.back(), cv::RNG::UNIFORM, 0, 256);
      all.push_back(pictures_.back());
    }
    writeFile(folder_ / (name_ + ".pictures"), bytesOf(all));
  }

  json::object write(const Wanted& wanted) {
    const std::string weights = nameOf(wanted.profile.weights), opset = std::to_string(wanted.profile.opset);
    const std::string title = name_ + "-" + nameOf(wanted.head) + "-" + weights + "-opset" + opset;
    exportOnnx(folder_ / (title + ".onnx"), weights_, model_, {}, {wanted.head, wanted.profile});
    return {{"name", title},
            {"weights", weights},
            {"opset", wanted.profile.opset},
            {"head", nameOf(wanted.head)},
            {"size", {model_.imageSize.height, model_.imageSize.width}},
            {"picturesFile", name_ + ".pictures"},
            {"pictures", kPictures},
            {"outputs", outputs(wanted.head)}};
  }

 private:
  /// Computed once per head.
  json::array outputs(Head head) {
    if (const auto known = outputs_.find(head); known != outputs_.end()) return known->second;
    std::vector<std::string> bytes;
    json::array list;
    for (const cv::Mat& picture : pictures_) {
      const std::vector<cv::Mat> answers = referenceOutputs(weights_, model_, head, picture);
      bytes.resize(answers.size());
      list.clear();
      for (size_t i = 0; i < answers.size(); ++i) {
        bytes[i] += bytesOf(answers[i]);
        list.push_back(
            output(head == Head::kPyramid ? "feature" + std::to_string(i + 1) : nameOf(head), answers[i]));
      }
    }
    for (size_t i = 0; i < bytes.size(); ++i)
      writeFile(folder_ / list[i].at("file").as_string().c_str(), bytes[i]);
    return outputs_[head] = list;
  }

  json::object output(const std::string& name, const cv::Mat& answer) const {
    json::array shape;
    for (int d = 1; d < answer.dims; ++d) shape.push_back(answer.size[d]);
    return {{"name", name}, {"shape", shape}, {"file", name_ + "." + name}};
  }

  std::filesystem::path folder_;
  std::string name_;
  ModelConfig model_;
  TensorMap weights_;
  std::vector<cv::Mat> pictures_;
  std::map<Head, json::array> outputs_;
};

const OnnxProfile kPlain, kHalf{11, WeightType::kFloat16}, kOld{9, WeightType::kFloat32},
    kOldHalf{9, WeightType::kFloat16};

/// Every head, precision and opset.
const std::vector<Wanted> kAll{{Head::kLogits, kPlain},        {Head::kLogits, kHalf},
                               {Head::kLogits, kOld},          {Head::kLogits, kOldHalf},
                               {Head::kProbabilities, kPlain}, {Head::kFeatures, kPlain},
                               {Head::kPyramid, kPlain}};

/// Other grids, windows, patches and numbers of stages.
const std::vector<Wanted> kGeometry{{Head::kLogits, kPlain}, {Head::kPyramid, kPlain}};

const std::vector<Wanted> kSizes{{Head::kLogits, kPlain}, {Head::kLogits, kHalf}, {Head::kPyramid, kPlain}};

/// "small": every kind of model; "base" and "families": sizes that people use.
void writeAll(const std::filesystem::path& folder, const std::string& which) {
  json::array models;
  const auto add = [&](const char* name, const std::vector<Wanted>& list) {
    Writer writer(folder, name);
    for (const Wanted& wanted : list) models.push_back(writer.write(wanted));
  };
  if (which == "base") {
    add("base", kAll);
  } else if (which == "families") {
    for (const char* name : {"swin_t", "swin_t_w14", "pvt_tiny", "twins_svt_s", "twins_pcpvt_s", "pvt_v2_b1"})
      add(name, kSizes);
  } else {
    for (const char* name : {"tiny", "swin", "pvt", "pvt_v2", "twins_svt"}) add(name, kAll);
    for (const char* name : {"micro", "tinyAt384", "small64", "patch2At32", "oneTokenAt16",
                             "manyWindowsAt136", "wide", "swin14", "swinWide", "twins_pcpvt", "pvt@128x64",
                             "pvt_v2@32x32", "twins_svt@64x96", "twins_svt@32x64", "pvt_v2@96x32"})
      add(name, kGeometry);
  }
  writeFile(folder / "models.json", json::serialize(models));
}

}  // namespace
}  // namespace cv::mixmim::test

int main(int argc, char** argv) {
  const std::string which = argc == 3 ? argv[2] : "";
  if (which != "small" && which != "base" && which != "families")
    return std::fputs("usage: onnx_matrix_models FOLDER small|base|families\n", stderr), 2;
  try {
    std::filesystem::create_directories(argv[1]);
    cv::mixmim::test::writeAll(argv[1], which);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "error: %s\n", e.what()), 1;
  }
  return 0;
}
