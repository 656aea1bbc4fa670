// The training transform of a picture and its label map, which move together.
#pragma once

#include <cstdint>
#include <functional>

#include <opencv2/core.hpp>

#include "data_pipeline/distortion.hpp"
#include "data_pipeline/resized_view.hpp"
#include "opencv2/mixmim/train/random.hpp"

namespace cv::mixmim {

/// The numbers of the transform, by default those of the published recipes for ADE20K.
struct PairAugmentConfig {
  cv::Size slot;                        ///< the size that the model sees, px
  double ratioMin = 0.5, ratioMax = 2;  ///< the resized picture's box is ratio times (4 S, S), S the slot's
                                        ///< shorter side
  double mostOfOneLabel = 0.75;         ///< a crop is varied if no label has so large a share of it
  double flip = 0.5;                    ///< probability of mirroring
  bool distort = true;                  ///< photometric distortion
};

/// The draws for one pair, in the order in which they are done.
struct PairAugmentation {
  ResizedView view;
  Distortion distortion;
};

/// For pair `index` of the data set in `epoch`: a function of its arguments, so that anyone can tell later
/// what was done. `labels`: the whole map of the picture, kIgnoredLabel known; it has a say, because after a
/// crop that is not varied another one is drawn. Draws Rng(seed, index, epoch, purpose) of kCrop (ratio; then
/// top and left of each crop), kFlip and kRandAugment (drawDistortion).
PairAugmentation drawPairAugmentation(uint64_t seed, int64_t index, int64_t epoch, const cv::Mat& labels,
                                      const PairAugmentConfig& config, PairResizer& resizer);

/// A crop's corner until its labels are varied: among those that are not ignored there are two, and none has
/// a share of `most` or more. At most 10 crops are looked at; the 11th is taken as it is. `view` is complete
/// but for the corner of its crop, which `corner` draws.
void chooseCrop(const cv::Mat& labels, double most, const std::function<cv::Point()>& corner,
                PairResizer& resizer, ResizedView& view);

/// The place of a pair in a batch, in the batch's memory.
struct PairSlot {
  cv::Mat picture;  ///< CV_8UC3
  cv::Mat labels;   ///< CV_8U, of the same size
};

/// Fills a slot: in its upper left corner what the view shows, distorted; right and below of it padding,
/// where the resized picture is smaller than the slot. There labels are kIgnoredLabel. The picture's padding
/// is the mean colour, 0 after normalisation, which no byte can be: so here it is 0, and whoever normalises
/// writes 0 right and below of the view's crop, whose size travels beside the slot.
///
/// `region`: the pixels of drawn.view.region(); `map`: all labels of the picture. `scratch` is kept from pair
/// to pair.
void fillSlot(const PairAugmentation& drawn, const cv::Mat& region, const cv::Mat& map, PairResizer& resizer,
              cv::Mat& scratch, PairSlot slot);

}  // namespace cv::mixmim
