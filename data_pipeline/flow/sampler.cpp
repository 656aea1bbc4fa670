#include "flow/sampler.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

Sampler::Sampler(int64_t images, int batch, int parts, bool shuffle, uint64_t seed,
                 std::optional<ClassBalance> balance)
    : images_(images),
      batch_(batch),
      parts_(parts),
      shuffled_(shuffle),
      seed_(seed),
      balance_(std::move(balance)) {
  if (images < 1 || batch < 1 || parts < 1)
    throw Error(fmt::format(
        "Sampler: expected at least one image, a batch and parts of at least 1, got {}, {} and {}", images,
        batch, parts));
  const int64_t perStep = int64_t{batch} * parts;
  if (shuffle && images < perStep)
    throw Error("data.batch",
                parts == 1
                    ? fmt::format("expected at most the {} images of the data set, got {}", images, batch)
                    : fmt::format("expected a step of at most the {} images of the data set, got {} x {}",
                                  images, batch, parts),
                "use a smaller batch or more images");
}

int64_t Sampler::stepsPerEpoch() const {
  return shuffled_ ? images_ / (int64_t{batch_} * parts_) : (images_ + batch_ - 1) / batch_;
}

void Sampler::assign(int64_t step, int part, std::vector<int64_t>& indices) {
  const int64_t first = positionOf(step, part);
  indices.resize(static_cast<size_t>(std::min<int64_t>(batch_, images_ - first)));
  if (shuffled_) {
    shuffle(epochOf(step));
    std::copy_n(order_.begin() + first, indices.size(), indices.begin());
  } else {
    std::iota(indices.begin(), indices.end(), first);
  }
}

void Sampler::shuffle(int64_t epoch) {
  if (epoch == epoch_) return;
  order_.resize(static_cast<size_t>(images_));
  if (balance_)
    balance_->draw(seed_, epoch, order_);
  else
    std::iota(order_.begin(), order_.end(), int64_t{0});
  Rng rng(seed_, 0, static_cast<uint32_t>(epoch), Purpose::kShuffle);
  permute(order_, rng);
  epoch_ = epoch;
}

}  // namespace cv::mixmim
