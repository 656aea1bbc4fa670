// The plain forward pass of every family against numbers of the published code.
#include "model/reference_forward.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::test {
namespace {

/// The answers of the published code to one image: with the recipe's weights, and with small ones, under
/// which a wrong eps of any LayerNorm changes them by 0.003 or more.
struct Published {
  const char* name;
  std::vector<float> logits, ofSmallNumbers;
};

const Published kPublished[] = {
    {"swin",
     {0.334943175, 0.400260389, 0.535981178, -0.261432528, 0.042184982, 0.400182009, 0.040104106,
      -0.007629152, -0.379912108, 0.151547998},
     {0.315212995, -0.026902542, 0.344396472, -0.243439525, 0.012345929, 0.152462572, -0.0895456, 0.06863907,
      -0.052519374, 0.34799698}},
    {"swin14",
     {0.685750961, 0.024530418, 0.615664601, -0.4314529, -0.150905505, 0.228109196, -0.225869387, 0.347410321,
      -0.103720382, 0.520465612},
     {0.22304073, -0.161814168, 0.242059126, -0.064002603, -0.017657571, 0.101788044, -0.150413364,
      0.117850691, 0.031632245, 0.593556523}},
    {"pvt",
     {1.050465703, 0.695875108, -1.181746364, 0.385934561, -0.418386579, 0.634702861, -0.032568701,
      0.519281805, -0.762261152, -0.855758786},
     {-0.385374993, 0.656116366, -1.007332325, 1.074102998, 0.019431666, 0.481370151, -0.111466467,
      -0.247149393, -0.809094667, -0.751245975}},
    {"twins_svt",
     {-0.019047879, -0.585368812, -0.817649245, 0.009570234, -0.814085901, -0.5200544, 0.252857327,
      0.203524709, -0.025785659, 0.075036481},
     {-1.563469887, 0.293620706, -1.080613494, -0.180811763, -0.971690476, 1.162206769, 1.18535018,
      -0.204462707, -1.484322548, -0.441508263}},
    {"twins_pcpvt",
     {0.335879058, -0.397200286, -0.024940141, -0.5737288, 0.084107421, 0.180825517, 0.273753583, 0.481976688,
      -0.504261494, -0.358687788},
     {-0.908707142, 0.809666276, -0.231985927, -0.419829458, 0.094392091, 0.642524123, 1.571703911,
      -1.421893597, -0.144785523, -0.637742877}},
    {"pvt_v2",
     {0.576499701, 0.691436708, 0.572132111, -0.069010049, 0.001301979, 0.312731922, 0.226160407, 0.209387273,
      -0.065355472, -0.048780203},
     {0.582143307, 1.017107844, 0.931130588, -0.051555306, 0.124523923, 0.392852902, 0.202431172, 0.659533978,
      0.033863537, 0.013206691}},
};

class Reference : public ::testing::TestWithParam<Published> {};

TEST_P(Reference, AnswersAsThePublishedCode) {
  const auto& [name, logits, ofSmallNumbers] = GetParam();
  const ModelConfig model = recipeModel(name, /*classes=*/10);
  TensorMap weights = recipeWeights(model, Task::kFinetune, 1);
  const auto answer = [&](int batch) {
    Tensor images = recipeImages(1, 0, batch);
    const int shape[] = {1, 3, 224, 224};
    return referenceForward(weights, model, cv::Mat(4, shape, CV_32F, images.as<float>()));
  };
  cv::Mat expected = cv::Mat(logits).reshape(1, 1), found;
  answer(4).convertTo(found, CV_32F);  // the first of a batch of 4
  EXPECT_LT(cv::norm(found, expected, cv::NORM_INF), 1e-5) << found;
  makeSmall(weights);
  expected = cv::Mat(ofSmallNumbers).reshape(1, 1);
  answer(1).convertTo(found, CV_32F);
  EXPECT_LT(cv::norm(found, expected, cv::NORM_INF), 1e-5) << found;
}

INSTANTIATE_TEST_SUITE_P(Families, Reference, ::testing::ValuesIn(kPublished),
                         [](const auto& instance) { return std::string(instance.param.name); });

}  // namespace
}  // namespace cv::mixmim::test
