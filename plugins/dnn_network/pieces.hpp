// Which tokens attend to each other, as the layers take it.
#pragma once

#include <opencv2/core.hpp>

#include "model/token_order.hpp"

namespace cv::mixmim {

/// Rectangles of tokens that see each other, those of one image. See Note [Shifted windows] in
/// model/token_order.hpp.
struct Pieces {
  cv::Mat listed;      ///< the tokens' places in memory, piece after piece, each in raster order; a column of
                       ///< CV_32S; empty: the list is the memory
  cv::Mat rectangles;  ///< a row for each: its first token in the list, width and height; CV_32S. One row
                       ///< high where scores have no bias, for which places do not count
};

/// The pieces of a Sight of whole images, without groups.
Pieces piecesOf(const Sight& sight);

}  // namespace cv::mixmim
