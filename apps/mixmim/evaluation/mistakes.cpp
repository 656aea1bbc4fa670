#include "evaluation/mistakes.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "evaluation/answers.hpp"

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
  cv::Mat bgr;
  cv::cvtColor(batch.picture(slot), bgr, cv::COLOR_RGB2BGR);
  return bgr;
}

// A mistake as processes of one program exchange it: numbers as they lie in memory, the picture as PNG.
struct Packed {
  int64_t sample;
  int label, answer;
  double probability, labelProbability;
  size_t pictureBytes;
};

std::string pack(const std::vector<Mistake>& mistakes) {
  std::string text;
  for (const Mistake& m : mistakes) {
    std::vector<uchar> png;
    cv::imencode(".png", m.picture, png);
    const Packed packed{m.sample, m.label, m.answer, m.probability, m.labelProbability, png.size()};
    text.append(reinterpret_cast<const char*>(&packed), sizeof packed).append(png.begin(), png.end());
  }
  return text;
}

std::vector<Mistake> unpack(const std::string& text) {
  std::vector<Mistake> mistakes;
  for (size_t at = 0; at < text.size();) {
    Packed packed{};
    std::memcpy(&packed, text.data() + at, sizeof packed);
    at += sizeof packed;
    const std::vector<uchar> png(text.data() + at, text.data() + at + packed.pictureBytes);
    at += packed.pictureBytes;
    mistakes.push_back({packed.sample, packed.label, packed.answer, packed.probability,
                        packed.labelProbability, cv::imdecode(png, cv::IMREAD_COLOR)});
  }
  return mistakes;
}

}  // namespace

void Mistakes::insert(const Mistake& mistake) {
  mixmim::insert(confident_, mistake, kKept, [](const Mistake& m) { return -m.probability; });
  mixmim::insert(hardest_, mistake, 2 * kKept, [](const Mistake& m) { return m.labelProbability; });
}

void Mistakes::addOthers(World& world) {
  if (world.size() == 1) return;
  // The lists overlap; what is in both is inserted once, in the order in which the pictures came.
  std::vector<Mistake> own = confident_;
  for (const Mistake& mistake : hardest_)
    if (std::none_of(own.begin(), own.end(), [&](const Mistake& m) { return m.sample == mistake.sample; }))
      own.push_back(mistake);
  std::stable_sort(own.begin(), own.end(),
                   [](const Mistake& a, const Mistake& b) { return a.sample < b.sample; });
  confident_.clear();
  hardest_.clear();
  for (const std::string& text : world.gather(pack(own)))
    for (const Mistake& mistake : unpack(text)) insert(mistake);
}

void Mistakes::add(const Batch& batch, int slot, const float* scores, int classes) {
  const int label = batch.classTargets.at<int>(slot);
  if (label < 0 || !std::all_of(scores, scores + classes, [](float s) { return std::isfinite(s); })) return;
  const int answer = answerOf(scores, classes, label);
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
  insert(mistake);
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
