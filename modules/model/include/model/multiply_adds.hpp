// The arithmetic of a forward pass, by which sizes of encoders are compared.
#pragma once

#include "model/plan.hpp"

namespace cv::mixmim {

/// Multiplications with an addition, for one image. Norms, GELU, softmax and sums are not counted, as usual.
struct MultiplyAdds {
  double linear = 0;       ///< products with weights, patch merging and the head included
  double attention = 0;    ///< scores and their weighted sums, all pairs of tokens in a window
  double convolution = 0;  ///< patch embeddings, reductions of keys, depthwise convolutions

  double sum() const { return linear + attention + convolution; }
};

/// Those of an encoder and of a head with `classes` outputs; 0 = no head.
MultiplyAdds multiplyAdds(const Plan& plan, int classes = 0);

}  // namespace cv::mixmim
