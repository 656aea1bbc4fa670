#include "apps/mixmim/mistakes.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <opencv2/imgproc.hpp>

namespace cv::mixmim {

namespace {

/// Puts `mistake` into a sorted list of at most `most`. `rank`: the smaller, the earlier.
template <class Rank>
void insert(std::vector<Mistake>& list, const Mistake& mistake, size_t most, Rank rank) {
  const auto earlier = [&](const Mistake& a, const Mistake& b) { return rank(a) < rank(b); };
  if (list.size() == most && !earlier(mistake, list.back())) return;
  list.insert(std::upper_bound(list.begin(), list.end(), mistake, earlier), mistake);
  if (list.size() > most) list.pop_back();
}

cv::Mat pictureOf(const Batch& batch, int slot) {
  const int side = batch.imageSize();
  cv::Mat bgr;
  cv::cvtColor(cv::Mat(side, side, CV_8UC3, const_cast<uchar*>(batch.images.ptr(slot))), bgr,
               cv::COLOR_RGB2BGR);
  return bgr;
}

}  // namespace

void Mistakes::add(const Batch& batch, int slot, const float* scores, int classes) {
  const int label = batch.labels.at<int>(slot);
  if (label < 0 || !std::all_of(scores, scores + classes, [](float s) { return std::isfinite(s); })) return;
  const auto answer = static_cast<int>(std::max_element(scores, scores + classes) - scores);
  if (answer == label) return;
  const auto weight = [&](float score) { return std::exp(double{score} - scores[answer]); };
  const double sum = std::accumulate(scores, scores + classes, 0.0,
                                     [&](double before, float score) { return before + weight(score); });
  const Mistake mistake{batch.samples[static_cast<size_t>(slot)],
                        label,
                        answer,
                        1 / sum,
                        weight(scores[label]) / sum,
                        pictureOf(batch, slot)};
  insert(confident_, mistake, kKept, [](const Mistake& m) { return -m.probability; });
  insert(hardest_, mistake, 2 * kKept, [](const Mistake& m) { return m.labelProbability; });
}

std::vector<Mistake> Mistakes::hardest() const {
  std::vector<Mistake> others;
  for (const Mistake& mistake : hardest_) {
    const auto isSame = [&](const Mistake& other) { return other.sample == mistake.sample; };
    if (others.size() < kKept && std::none_of(confident_.begin(), confident_.end(), isSame))
      others.push_back(mistake);
  }
  return others;
}

}  // namespace cv::mixmim
