#include "evaluation/trainer_scores.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <opencv2/imgproc.hpp>

#include "inputs/picture_batch.hpp"
#include "opencv2/mixmim/error.hpp"
#include "model/plan.hpp"
#include "opencv2/mixmim/train/random.hpp"
#include "opencv2/mixmim/train/trainer.hpp"

namespace cv::mixmim {

std::vector<cv::Mat> testPictures(int count, int inputSize) {
  std::vector<cv::Mat> pictures;
  for (int i = 0; i < count; ++i) {
    cv::Mat noise(10 + i, 14, CV_8UC3), picture;
    Rng rng(0, static_cast<uint64_t>(i), 0, Purpose::kShapes);
    for (size_t byte = 0; byte < noise.total() * 3; ++byte)
      noise.data[byte] = static_cast<uchar>(rng.below(256));
    cv::resize(noise, picture, cv::Size(inputSize * 3 / 2 + i, inputSize + 3 * i + 5), 0, 0, cv::INTER_CUBIC);
    pictures.push_back(picture);
  }
  return pictures;
}

namespace {

bool writeAll(int descriptor, const void* data, size_t size) {
  const char* next = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t done = ::write(descriptor, next, size);
    if (done <= 0) return false;
    next += done;
    size -= static_cast<size_t>(done);
  }
  return true;
}

std::string readAll(int descriptor) {
  std::string all;
  char buffer[65536];
  for (ssize_t done; (done = ::read(descriptor, buffer, sizeof(buffer))) > 0;)
    all.append(buffer, static_cast<size_t>(done));
  return all;
}

/// In the child: scores as floats, or the reason as text.
int computeInto(int descriptor, const Config& config, const TensorMap& weights, Head head,
                const std::vector<cv::Mat>& pictures) {
  try {
    const auto trainer = createTrainer(config);
    trainer->restore({weights, {}});
    const Batch batch = pictureBatch(pictures, config);
    const cv::Mat scores = hasClasses(head) ? trainer->logits(batch) : trainer->features(batch);
    return writeAll(descriptor, scores.data, scores.total() * sizeof(float)) ? 0 : 1;
  } catch (const std::exception& e) {
    writeAll(descriptor, e.what(), std::char_traits<char>::length(e.what()));
    return 1;
  }
}

}  // namespace

std::optional<cv::Mat> trainerScores(const Config& config, const TensorMap& weights, Head head,
                                     const std::vector<cv::Mat>& pictures, std::string* whyNot) {
  int ends[2];
  if (pipe(ends) != 0) throw Error("export", "cannot make a pipe to a child process");
  const pid_t child = fork();
  if (child < 0) throw Error("export", "cannot start a child process");
  if (child == 0) {
    close(ends[0]);
    _exit(computeInto(ends[1], config, weights, head, pictures));
  }
  close(ends[1]);
  const std::string answer = readAll(ends[0]);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  const int count = static_cast<int>(pictures.size());
  const int numbers = hasClasses(head) ? config.model.classes : planOf(config.model).featureDim();
  const size_t expected = static_cast<size_t>(count) * static_cast<size_t>(numbers) * sizeof(float);
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || answer.size() != expected) {
    *whyNot = answer.empty() ? "the child process ended without an answer" : answer;
    return std::nullopt;
  }
  return cv::Mat(count, numbers, CV_32F, const_cast<char*>(answer.data())).clone();
}

}  // namespace cv::mixmim
