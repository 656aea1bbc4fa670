// The arithmetic of every published size, in 10^9 multiply-adds at 224 px with a head of 1000 classes. The
// numbers were counted on the published classes of each encoder.
#include "model/multiply_adds.hpp"

#include <gtest/gtest.h>

#include "opencv2/mixmim/train/options.hpp"

namespace cv::mixmim::test {
namespace {

struct Counted {
  const char* name;
  double linear, attention, convolution;
};

const Counted kCounted[] = {{"swin_t", 4.336, 0.140, 0.014},        {"swin_s", 8.498, 0.229, 0.014},
                            {"swin_b", 15.107, 0.305, 0.019},       {"swin_l", 33.990, 0.457, 0.029},
                            {"swin_t_w14", 4.336, 0.538, 0.014},    {"swin_s_w14", 8.498, 0.892, 0.014},
                            {"swin_b_w14", 15.107, 1.190, 0.019},   {"swin_l_w14", 33.990, 1.785, 0.029},
                            {"pvt_tiny", 1.665, 0.076, 0.191},      {"pvt_small", 3.363, 0.143, 0.310},
                            {"pvt_medium", 5.892, 0.217, 0.551},    {"pvt_large", 8.720, 0.311, 0.783},
                            {"twins_svt_s", 2.629, 0.118, 0.180},   {"twins_svt_b", 7.823, 0.229, 0.511},
                            {"twins_svt_l", 13.907, 0.305, 0.900},  {"twins_pcpvt_s", 3.353, 0.143, 0.313},
                            {"twins_pcpvt_b", 5.882, 0.216, 0.554}, {"twins_pcpvt_l", 8.710, 0.311, 0.786},
                            {"pvt_v2_b0", 0.415, 0.038, 0.113},     {"pvt_v2_b1", 1.659, 0.076, 0.373},
                            {"pvt_v2_b2", 3.353, 0.143, 0.531},     {"pvt_v2_b3", 5.882, 0.216, 0.799},
                            {"pvt_v2_b4", 8.710, 0.311, 1.080},     {"pvt_v2_b5", 10.059, 0.371, 1.287}};

class PublishedArithmetic : public ::testing::TestWithParam<Counted> {};

TEST_P(PublishedArithmetic, IsCounted) {
  constexpr double kGiga = 1e9, kRounded = 5.1e-4;
  const ModelConfig model = resolve(Task::kFinetune, {{"model", GetParam().name, ""}}).model;
  const MultiplyAdds found = multiplyAdds(planOf(model), 1000);
  EXPECT_NEAR(found.linear / kGiga, GetParam().linear, kRounded);
  EXPECT_NEAR(found.attention / kGiga, GetParam().attention, kRounded);
  EXPECT_NEAR(found.convolution / kGiga, GetParam().convolution, kRounded);
}

INSTANTIATE_TEST_SUITE_P(Table, PublishedArithmetic, ::testing::ValuesIn(kCounted),
                         [](const auto& instance) { return std::string(instance.param.name); });

TEST(MultiplyAdds, GrowWithTheImage) {
  ModelConfig model = resolve(Task::kFinetune, {{"model", "swin_b", ""}, {"size", "384", ""}}).model;
  EXPECT_NEAR(multiplyAdds(planOf(model), 1000).sum() / 1e9, 47.083, 1e-3);
  model = resolve(Task::kFinetune, {{"model", "pvt_large", ""}, {"size", "384", ""}}).model;
  EXPECT_NEAR(multiplyAdds(planOf(model), 1000).sum() / 1e9, 30.593, 1e-3);
}

}  // namespace
}  // namespace cv::mixmim::test
