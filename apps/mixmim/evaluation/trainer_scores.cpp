#include "evaluation/trainer_scores.hpp"

#include <unistd.h>

#include <boost/json.hpp>

#include <fmt/format.h>
#include <opencv2/imgproc.hpp>

#include "inputs/picture_batch.hpp"
#include "model/plan.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "opencv2/mixmim/train/trainer.hpp"
#include "processes/own_process.hpp"

namespace cv::mixmim {

std::vector<cv::Mat> testPictures(int count, cv::Size inputSize) {
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < count; ++i) {
    cv::Mat noise(10 + i, 14, CV_8UC3), picture;
    Rng rng(0, static_cast<uint64_t>(i), 0, Purpose::kShapes);
    for (size_t byte = 0; byte < noise.total() * 3; ++byte)
      noise.data[byte] = static_cast<uchar>(rng.below(256));
    cv::resize(noise, picture, cv::Size(inputSize.width * 3 / 2 + i, inputSize.height + 3 * i + 5), 0, 0,
               cv::INTER_CUBIC);
    pictures.push_back(picture);
  }
  return pictures;
}

namespace {

namespace json = boost::json;

// A request: the bytes of a text, as a number; the text, in JSON; the tensors that it names, one behind the
// other.

json::array namesOf(const TensorMap& weights) {
  json::array names;
  for (const auto& [name, tensor] : weights)
    names.push_back({{"name", name},
                     {"type", static_cast<int>(tensor.dtype)},
                     {"shape", json::value_from(tensor.shape)}});
  return names;
}

void send(OwnProcess& process, const Config& config, const TensorMap& weights, Head head) {
  const std::string text = jsonText(
      json::object{{"config", toJson(config)}, {"head", nameOf(head)}, {"weights", namesOf(weights)}});
  const uint64_t size = text.size();
  bool listens = process.write(&size, sizeof size) && process.write(text.data(), text.size());
  for (const auto& [name, tensor] : weights)
    listens = listens && process.write(tensor.bytes.data, tensor.bytes.total());
}

void receive(void* data, size_t size) {
  if (!readAll(STDIN_FILENO, data, size)) throw Error(kTrainerScoresVerb, "the request ends too early");
}

TensorMap readTensors(const json::array& names) {
  TensorMap weights;
  for (const json::value& about : names) {
    Tensor tensor = Tensor::zeros(json::value_to<std::vector<int64_t>>(about.at("shape")),
                                  static_cast<DType>(about.at("type").as_int64()));
    receive(tensor.bytes.data, tensor.bytes.total());
    weights.emplace(about.at("name").as_string().c_str(), std::move(tensor));
  }
  return weights;
}

}  // namespace

cv::Mat requestedScores() {
  uint64_t size = 0;
  receive(&size, sizeof size);
  constexpr uint64_t kMost = 1 << 26;
  if (size > kMost)
    throw Error(kTrainerScoresVerb,
                fmt::format("expected a request of {} bytes at most, got {}", kMost, size));
  std::string text(size, ' ');
  receive(text.data(), text.size());
  const json::value request = json::parse(text);
  const Config config = fromJson(std::string(request.at("config").as_string()));
  const auto trainer = createTrainer(config);
  trainer->restore({readTensors(request.at("weights").as_array()), {}});
  const Batch batch = pictureBatch(testPictures(kComparedPictures, config.model.imageSize), config);
  const bool classes = hasClasses(headNamed(request.at("head").as_string().c_str()).value());
  return classes ? trainer->answers(batch).scores : trainer->features(batch);
}

std::optional<cv::Mat> trainerScores(const Config& config, const TensorMap& weights, Head head,
                                     std::string* whyNot) {
  OwnProcess process({kTrainerScoresVerb});
  send(process, config, weights, head);
  const OwnProcess::End end = process.finish();
  const int numbers = hasClasses(head) ? config.model.classes : planOf(config.model).featureDim();
  const size_t expected = size_t{kComparedPictures} * static_cast<size_t>(numbers) * sizeof(float);
  if (end.trouble.empty() && end.answer.size() == expected)
    return cv::Mat(kComparedPictures, numbers, CV_32F, const_cast<char*>(end.answer.data())).clone();
  if (end.trouble.empty())
    *whyNot = fmt::format("its process gave {} bytes, expected {}", end.answer.size(), expected);
  else
    *whyNot = end.answer.empty() ? fmt::format("its process {}", end.trouble) : end.answer;
  return std::nullopt;
}

}  // namespace cv::mixmim
