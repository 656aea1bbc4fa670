// The dimensions of a model whose weights come without a description.
#pragma once

#include <string>

#include "opencv2/mixmim/train/config.hpp"
#include "pytorch/encoder_layout.hpp"

namespace cv::mixmim {

/// The task and the dimensions that tensors of these (official) names and shapes belong to, in an otherwise
/// default config: pretraining where there is a decoder, else fine-tuning with as many classes as the head
/// has, 0 without one. How many heads the decoder has cannot be seen; they are taken to be as wide as the
/// encoder's, which holds for every published model of MixMIM. The encoder's own are seen where it has bias
/// tables; else they are `headDim` wide, or, for 0, as in the named model of the same sizes. Twins and PVTv2
/// say nothing of the image size and get the default. Throws Error where a dimension cannot be seen.
Config modelFromShapes(const Shapes& shapes, const std::string& where, int headDim = 0);

/// Throws Error, naming what is wrong, unless every parameter of the config's model is there in its shape.
void checkShapes(const Shapes& shapes, const Config& config, const std::string& where);

}  // namespace cv::mixmim
