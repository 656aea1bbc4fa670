#include "catalogue/published_weights.hpp"

#include <algorithm>

namespace cv::mixmim {

// Sources: README of each official repository; timm 1.0.31, default_cfgs of swin_transformer, twins and
// pvt_v2.
const std::vector<PublishedWeights>& publishedWeights() {
  static const std::vector<PublishedWeights> list{
      {"base", 85.1, {"MixMIM-B, pretrained and fine-tuned at 224 and 384 px"}, {}},
      {"large", 85.9, {"MixMIM-L, pretrained and fine-tuned at 224 and 384 px"}, {}},
      {"swin_t",
       81.2,
       {"swin_tiny_patch4_window7_224.pth", "swin_tiny_patch4_window7_224_22k.pth",
        "swin_tiny_patch4_window7_224_22kto1k_finetune.pth"},
       {"swin_tiny_patch4_window7_224.ms_in1k", "swin_tiny_patch4_window7_224.ms_in22k",
        "swin_tiny_patch4_window7_224.ms_in22k_ft_in1k"}},
      {"swin_s",
       83.2,
       {"swin_small_patch4_window7_224.pth", "swin_small_patch4_window7_224_22k.pth",
        "swin_small_patch4_window7_224_22kto1k_finetune.pth"},
       {"swin_small_patch4_window7_224.ms_in1k", "swin_small_patch4_window7_224.ms_in22k",
        "swin_small_patch4_window7_224.ms_in22k_ft_in1k"}},
      {"swin_b",
       83.5,
       {"swin_base_patch4_window7_224.pth", "swin_base_patch4_window12_384.pth",
        "swin_base_patch4_window7_224_22k.pth", "swin_base_patch4_window7_224_22kto1k.pth",
        "swin_base_patch4_window12_384_22k.pth", "swin_base_patch4_window12_384_22kto1k.pth"},
       {"swin_base_patch4_window7_224.ms_in1k", "swin_base_patch4_window12_384.ms_in1k",
        "swin_base_patch4_window7_224.ms_in22k", "swin_base_patch4_window7_224.ms_in22k_ft_in1k",
        "swin_base_patch4_window12_384.ms_in22k", "swin_base_patch4_window12_384.ms_in22k_ft_in1k"}},
      {"swin_l",
       86.3,
       {"swin_large_patch4_window7_224_22k.pth", "swin_large_patch4_window7_224_22kto1k.pth",
        "swin_large_patch4_window12_384_22k.pth", "swin_large_patch4_window12_384_22kto1k.pth"},
       {"swin_large_patch4_window7_224.ms_in22k", "swin_large_patch4_window7_224.ms_in22k_ft_in1k",
        "swin_large_patch4_window12_384.ms_in22k", "swin_large_patch4_window12_384.ms_in22k_ft_in1k"}},
      {"pvt_tiny", 75.1, {"pvt_tiny.pth"}, {}},
      {"pvt_small", 79.8, {"pvt_small.pth"}, {}},
      {"pvt_medium", 81.2, {"pvt_medium.pth"}, {}},
      {"pvt_large", 81.7, {"pvt_large.pth"}, {}},
      {"twins_svt_s", 81.7, {"alt_gvt_small.pth"}, {"twins_svt_small.in1k"}},
      {"twins_svt_b", 83.2, {"alt_gvt_base.pth"}, {"twins_svt_base.in1k"}},
      {"twins_svt_l", 83.7, {"alt_gvt_large.pth"}, {"twins_svt_large.in1k"}},
      {"twins_pcpvt_s", 81.2, {"pcpvt_small.pth"}, {"twins_pcpvt_small.in1k"}},
      {"twins_pcpvt_b", 82.7, {"pcpvt_base.pth"}, {"twins_pcpvt_base.in1k"}},
      {"twins_pcpvt_l", 83.1, {"pcpvt_large.pth"}, {"twins_pcpvt_large.in1k"}},
      {"pvt_v2_b0", 70.5, {"pvt_v2_b0.pth"}, {"pvt_v2_b0.in1k"}},
      {"pvt_v2_b1", 78.7, {"pvt_v2_b1.pth"}, {"pvt_v2_b1.in1k"}},
      {"pvt_v2_b2", 82.0, {"pvt_v2_b2.pth"}, {"pvt_v2_b2.in1k"}},
      {"pvt_v2_b3", 83.1, {"pvt_v2_b3.pth"}, {"pvt_v2_b3.in1k"}},
      {"pvt_v2_b4", 83.6, {"pvt_v2_b4.pth"}, {"pvt_v2_b4.in1k"}},
      {"pvt_v2_b5", 83.8, {"pvt_v2_b5.pth"}, {"pvt_v2_b5.in1k"}},
  };
  return list;
}

const PublishedWeights* publishedWeightsOf(const std::string& size) {
  const auto& list = publishedWeights();
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.size == size; });
  return found == list.end() ? nullptr : &*found;
}

}  // namespace cv::mixmim
