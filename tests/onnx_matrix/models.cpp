// onnx_matrix_models FOLDER: writes models, pictures and the scores they must get, for readers in other
// languages:
//   models.json     [{"name", "size", "pictures", "classes"}, ...]
//   NAME.onnx
//   NAME.pictures   pictures x size x size x 3 bytes, B G R
//   NAME.scores     pictures x classes, float64
#include <boost/json.hpp>
#include <cstdio>
#include <exception>

#include "model_io/onnx_export.hpp"
#include "model_io/reference_forward.hpp"
#include "tests/model_io/onnx_models.hpp"
#include "tests/support/temp_folder.hpp"

namespace cv::mixmim::test {
namespace {

constexpr int kPictures = 3;

std::string bytesOf(const cv::Mat& mat) {
  return {mat.ptr<char>(), mat.total() * mat.elemSize()};
}

boost::json::object write(const std::filesystem::path& folder, const std::string& name) {
  const ModelConfig model = modelNamed(name);
  const TensorMap weights = weightsOf(model);
  exportOnnx(folder / (name + ".onnx"), weights, model, {});
  cv::RNG random(11);
  cv::Mat pictures, scores;
  for (int i = 0; i < kPictures; ++i) {
    cv::Mat picture(model.imageSize, model.imageSize, CV_8UC3);
    random.fill(picture, cv::RNG::UNIFORM, 0, 256);
    pictures.push_back(picture);
    scores.push_back(referenceLogits(weights, model, picture));
  }
  writeFile(folder / (name + ".pictures"), bytesOf(pictures));
  writeFile(folder / (name + ".scores"), bytesOf(scores));
  return {{"name", name}, {"size", model.imageSize}, {"pictures", kPictures}, {"classes", model.classes}};
}

void writeAll(const std::filesystem::path& folder) {
  boost::json::array models;
  for (const char* name :
       {"micro", "tiny", "tinyAt384", "small64", "patch2At32", "oneTokenAt16", "manyWindowsAt136"})
    models.push_back(write(folder, name));
  writeFile(folder / "models.json", boost::json::serialize(models));
}

}  // namespace
}  // namespace cv::mixmim::test

int main(int argc, char** argv) {
  if (argc != 2) return std::fputs("usage: onnx_matrix_models FOLDER\n", stderr), 2;
  try {
    std::filesystem::create_directories(argv[1]);
    cv::mixmim::test::writeAll(argv[1]);
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "error: %s\n", e.what()), 1;
  }
  return 0;
}
