// Any kind of picture to the Classifier: the right form of an answer for those it promises to take, an Error
// for all others, and the same answer for a part of a larger picture as for its copy.
//
// The first bytes of an input choose (see Request), the rest are pixels, repeated as needed.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/fuzz/small_model.hpp"

namespace {

using cv::mixmim::Classifier;

constexpr size_t kHead = 10;

struct Request {
  enum Holder { kMat, kUMat, kMats, kUMats, kBytes, kVolume, kHolders };

  explicit Request(const uint8_t* data)
      : holder(static_cast<Holder>(data[0] % kHolders)),
        type(CV_MAKETYPE(data[1] % 8, 1 + data[2] % 5)),
        rows(data[3] + 256 * data[4]),
        columns(data[5] + 256 * data[6]),
        border(data[7] % 8),
        count(data[8] % 4),
        topK(static_cast<int8_t>(data[9])) {}

  Holder holder;
  int type, rows, columns;
  int border;  ///< pixels around the picture in a larger one
  int count;   ///< pictures in a list
  int topK;

  bool tooLarge() const {
    constexpr int64_t kLargest = 1 << 18;
    return int64_t{rows + 2 * border} * (columns + 2 * border) * CV_ELEM_SIZE(type) > kLargest;
  }
  /// What the Classifier's documentation promises to take.
  bool isPromised() const {
    const int channels = CV_MAT_CN(type);
    const bool picture = rows > 0 && columns > 0 && CV_MAT_DEPTH(type) == CV_8U &&
                         (channels == 1 || channels == 3 || channels == 4);
    const bool list = holder == kMats || holder == kUMats;
    return picture && topK >= 1 && (holder == kMat || holder == kUMat || (list && count > 0));
  }
};

/// The picture as a part of a larger one.
cv::Mat pictureOf(const Request& request, const uint8_t* pixels, size_t size) {
  cv::Mat whole(request.rows + 2 * request.border, request.columns + 2 * request.border, request.type);
  const size_t bytes = whole.total() * whole.elemSize();
  for (size_t i = 0; i < bytes; ++i) whole.data[i] = size ? pixels[i % size] : 0;
  return whole(cv::Rect(request.border, request.border, request.columns, request.rows));
}

void requireRightForm(const std::vector<std::vector<cv::mixmim::Prediction>>& answers, size_t images,
                      int topK) {
  if (answers.size() != images) std::abort();
  for (const auto& best : answers) {
    if (best.size() != std::min<size_t>(3, static_cast<size_t>(topK))) std::abort();
    float sum = 0, before = 1;
    for (const auto& guess : best) {
      if (!(guess.probability >= 0 && guess.probability <= before) || guess.label.empty()) std::abort();
      sum += before = guess.probability;
    }
    if (sum > 1.0001f) std::abort();
  }
}

/// Everything the Classifier can be asked about an input.
void ask(Classifier& classifier, cv::InputArrayOfArrays input, size_t images, int topK) {
  requireRightForm(classifier.classifyBatch(input, topK), images, topK);
  cv::Mat scores, vectors;
  classifier.logits(input, scores);
  classifier.features(input, vectors);
  if (scores.rows != static_cast<int>(images) || vectors.rows != scores.rows) std::abort();
  if (vectors.cols != classifier.featureSize() || !cv::checkRange(vectors)) std::abort();
}

void ask(Classifier& classifier, const Request& request, const cv::Mat& picture) {
  const auto count = static_cast<size_t>(request.count);
  switch (request.holder) {
    case Request::kMat:
      requireRightForm({classifier.classify(picture, request.topK)}, 1, request.topK);
      return ask(classifier, picture, 1, request.topK);
    case Request::kUMat:
      return ask(classifier, picture.getUMat(cv::ACCESS_READ), 1, request.topK);
    case Request::kMats:
      return ask(classifier, std::vector<cv::Mat>(count, picture), count, request.topK);
    case Request::kUMats:
      return ask(classifier, std::vector<cv::UMat>(count, picture.getUMat(cv::ACCESS_READ)), count,
                 request.topK);
    case Request::kBytes:
      return ask(classifier, std::vector<uint8_t>(picture.total() + 1), 1, request.topK);
    default: {
      const int sizes[] = {2, std::max(1, request.rows % 32), std::max(1, request.columns % 32)};
      cv::Mat volume(3, sizes, request.type);
      std::fill_n(volume.data, volume.total() * volume.elemSize(), uint8_t{1});
      return ask(classifier, volume, 1, request.topK);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const cv::mixmim::test::MemoryFile file(cv::mixmim::test::smallModel());
  static const auto classifier = [] {
    cv::setNumThreads(1);  // pictures are too small to share
    return Classifier::create(file.path());
  }();
  if (size < kHead) return 0;
  const Request request(data);
  if (request.tooLarge()) return 0;
  const cv::Mat picture = pictureOf(request, data + kHead, size - kHead);
  try {
    ask(*classifier, request, picture);
    if (!request.isPromised()) std::abort();
  } catch (const cv::mixmim::Error&) {
    if (request.isPromised()) std::abort();
    return 0;
  }
  cv::Mat ofPart, ofCopy;
  classifier->logits(picture, ofPart);
  classifier->logits(picture.clone(), ofCopy);
  if (cv::norm(ofPart, ofCopy, cv::NORM_INF) != 0) std::abort();
  return 0;
}
