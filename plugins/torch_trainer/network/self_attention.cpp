#include "network/self_attention.hpp"

namespace cv::mixmim {

at::Tensor SelfAttention::partOfQkv(const at::Tensor& x, int64_t first, int64_t count) const {
  return linearLayer(x, qkv_.weight.narrow(0, first, count), qkv_.bias->narrow(0, first, count), qkv_.compute,
                     qkv_.rounded.narrow(first, count));
}

at::Tensor SelfAttention::queries(const at::Tensor& x) const {
  return partOfQkv(x, 0, x.size(-1));
}

at::Tensor SelfAttention::keysValues(const at::Tensor& x) const {
  return partOfQkv(x, x.size(-1), 2 * x.size(-1));
}

}  // namespace cv::mixmim
