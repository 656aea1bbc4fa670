// The list of parameters against published numbers of the models, and what an untrained model starts from.
#include "model/parameters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "opencv2/mixmim/text.hpp"
#include "opencv2/mixmim/train/options.hpp"
#include "tests/support/tensors.hpp"

namespace cv::mixmim::test {
namespace {

ModelConfig model(const std::string& name, int imageSize = 224, int classes = 1000) {
  ModelConfig config = resolve(Task::kFinetune, {{"model.name", name, "test"}}).model;
  config.imageSize = {imageSize, imageSize};
  config.classes = classes;
  return config;
}

int64_t elements(const Parameter& parameter) {
  int64_t count = 1;
  for (const int64_t side : parameter.shape) count *= side;
  return count;
}

const Parameter& find(const std::vector<Parameter>& list, const std::string& name) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const auto& p) { return p.name == name; });
  if (found == list.end()) throw std::out_of_range(name);
  return *found;
}

struct Counts {
  const char* name;
  int64_t encoder, decoder;                        // trainable; the decoder with its mask token
  int64_t pretraining, finetuning, finetuning384;  // all, frozen embeddings included
};

class PublishedModel : public ::testing::TestWithParam<Counts> {};

int64_t count(const ModelConfig& config, Task task) {
  int64_t sum = 0;
  for (const Parameter& parameter : parameters(config, task)) sum += elements(parameter);
  return sum;
}

TEST_P(PublishedModel, HasItsNumberOfParameters) {
  const Counts& expected = GetParam();
  EXPECT_EQ(count(model(expected.name), Task::kPretrain), expected.pretraining);
  EXPECT_EQ(count(model(expected.name), Task::kFinetune), expected.finetuning);
  EXPECT_EQ(count(model(expected.name, 384), Task::kFinetune), expected.finetuning384);
}

TEST_P(PublishedModel, HasItsNumberOfTrainableParameters) {
  int64_t encoder = 0, decoder = 0;
  for (const Parameter& parameter : parameters(model(GetParam().name), Task::kPretrain)) {
    if (!parameter.trainable) continue;
    const bool ofDecoder = startsWith(parameter.name, "decoder") || parameter.name == "mask_token";
    (ofDecoder ? decoder : encoder) += elements(parameter);
  }
  EXPECT_EQ(encoder, GetParam().encoder);
  EXPECT_EQ(decoder, GetParam().decoder);
}

INSTANTIATE_TEST_SUITE_P(
    Parameters, PublishedModel,
    ::testing::Values(Counts{"base", 86'917'944, 27'321'344, 114'665'784, 88'344'352, 89'577'440},
                      Counts{"large", 195'257'556, 27'583'488, 223'468'244, 197'396'668, 199'246'300},
                      Counts{"huge", 655'341'786, 28'238'848, 684'709'594, 659'262'658, 662'653'650}),
    [](const ::testing::TestParamInfo<Counts>& tested) { return tested.param.name; });

struct SwinCounts {
  const char* name;
  int64_t finetuning, pretraining, tensors;  // tensors of the classifier
};

class PublishedSwin : public ::testing::TestWithParam<SwinCounts> {};

TEST_P(PublishedSwin, HasItsNumberOfParameters) {
  EXPECT_EQ(count(model(GetParam().name), Task::kFinetune), GetParam().finetuning);
  EXPECT_EQ(count(model(GetParam().name), Task::kPretrain), GetParam().pretraining);
  EXPECT_EQ(static_cast<int64_t>(parameters(model(GetParam().name), Task::kFinetune).size()),
            GetParam().tensors);
}

INSTANTIATE_TEST_SUITE_P(Parameters, PublishedSwin,
                         ::testing::Values(SwinCounts{"swin_t", 28'288'354, 54'734'714, 173},
                                           SwinCounts{"swin_s", 49'606'258, 76'052'618, 329},
                                           SwinCounts{"swin_b", 87'768'224, 114'089'656, 329},
                                           SwinCounts{"swin_l", 196'532'476, 222'604'052, 329},
                                           SwinCounts{"swin_t_w14", 28'338'754, 54'785'114, 173},
                                           SwinCounts{"swin_s_w14", 49'737'298, 76'183'658, 329},
                                           SwinCounts{"swin_b_w14", 87'942'944, 114'264'376, 329},
                                           SwinCounts{"swin_l_w14", 196'794'556, 222'866'132, 329}),
                         [](const ::testing::TestParamInfo<SwinCounts>& tested) {
                           return tested.param.name;
                         });

TEST(Parameters, OfSwinAt384AreThePublishedOnes) {
  EXPECT_EQ(count(model("swin_b", 384), Task::kFinetune), 87'903'584);
}

TEST(Parameters, AreThoseOfTheReference) {
  const auto frozen = [](const Parameter& parameter) { return !parameter.trainable; };
  const std::vector<Parameter> pretraining = parameters(model("base"), Task::kPretrain),
                               finetuning = parameters(model("base"), Task::kFinetune);
  EXPECT_EQ(pretraining.size(), 430u + 2u);
  EXPECT_EQ(std::count_if(pretraining.begin(), pretraining.end(), frozen), 2);
  EXPECT_EQ(finetuning.size(), 329u + 1u);
  EXPECT_EQ(std::count_if(finetuning.begin(), finetuning.end(), frozen), 1);
}

TEST(Parameters, HaveOneNameEach) {
  std::vector<std::string> names;
  for (const Parameter& parameter : parameters(model("base"), Task::kPretrain))
    names.push_back(parameter.name);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Parameters, HaveTheReferencesShapes) {
  using Shape = std::vector<int64_t>;
  const std::vector<Parameter> list = parameters(model("base"), Task::kPretrain);
  EXPECT_EQ(find(list, "mask_token").shape, (Shape{1, 1, 512}));
  EXPECT_EQ(find(list, "absolute_pos_embed").shape, (Shape{1, 3136, 128}));
  EXPECT_EQ(find(list, "decoder_pos_embed").shape, (Shape{1, 49, 512}));
  EXPECT_EQ(find(list, "patch_embed.proj.weight").shape, (Shape{128, 3, 4, 4}));
  EXPECT_EQ(find(list, "layers.0.blocks.0.attn.relative_position_bias_table").shape, (Shape{729, 4}));
  EXPECT_EQ(find(list, "layers.3.blocks.1.attn.relative_position_bias_table").shape, (Shape{169, 32}));
  EXPECT_EQ(find(list, "layers.2.blocks.17.mlp.fc1.weight").shape, (Shape{2048, 512}));
  EXPECT_EQ(find(list, "layers.0.downsample.reduction.weight").shape, (Shape{256, 512}));
  EXPECT_EQ(find(list, "decoder_pred.weight").shape, (Shape{3072, 512}));
  EXPECT_EQ(find(parameters(model("base", 384), Task::kFinetune),
                 "layers.2.blocks.0.attn.relative_position_bias_table")
                .shape,
            (Shape{2209, 16}));
  EXPECT_EQ(find(parameters(model("base"), Task::kFinetune), "head.weight").shape, (Shape{1000, 1024}));
}

TEST(PositionEmbedding, FirstHalfEncodesTheColumn) {
  const Tensor embedding = positionEmbedding({56, 56}, 128);
  ASSERT_EQ(embedding.shape, (std::vector<int64_t>{1, 3136, 128}));
  const auto at = [&](int token, int channel) { return embedding.as<float>()[token * 128 + channel]; };
  const float sine = 0.8414710f, cosine = 0.5403023f;  // of 1
  const float right[] = {sine, cosine, 0, 1}, below[] = {0, 1, sine, cosine};
  for (int part = 0; part < 4; ++part) {
    EXPECT_FLOAT_EQ(at(1, 32 * part), right[part]) << part;
    EXPECT_FLOAT_EQ(at(56, 32 * part), below[part]) << part;
  }
  EXPECT_FLOAT_EQ(at(2, 31), static_cast<float>(std::sin(2 * std::pow(10000., -31. / 32))));
}

struct Moments {
  double mean = 0, deviation = 0, min = 0, max = 0;
};

Moments momentsOf(const Tensor& tensor) {
  const cv::Mat values(1, static_cast<int>(tensor.elements()), CV_32F, tensor.bytes.data);
  cv::Scalar mean, deviation;
  cv::meanStdDev(values, mean, deviation);
  Moments moments{mean[0], deviation[0], 0, 0};
  cv::minMaxLoc(values, &moments.min, &moments.max);
  return moments;
}

Moments initialMoments(const std::string& name, Task task = Task::kPretrain) {
  return momentsOf(initialValue(find(parameters(model("base"), task), name), 7));
}

TEST(InitialValue, LinearWeightsAreXavierUniform) {
  const struct {
    const char* name;
    double fans;
  } cases[] = {{"layers.0.blocks.0.attn.qkv.weight", 128 + 384},
               {"layers.2.blocks.3.mlp.fc1.weight", 512 + 2048},
               {"layers.1.downsample.reduction.weight", 1024 + 512},
               {"decoder_pred.weight", 512 + 3072}};
  for (const auto& [name, fans] : cases) {
    const double bound = std::sqrt(6 / fans);
    const Moments moments = initialMoments(name);
    EXPECT_GE(moments.min, -bound) << name;
    EXPECT_LT(moments.min, -0.99 * bound) << name;
    EXPECT_LE(moments.max, bound) << name;
    EXPECT_GT(moments.max, 0.99 * bound) << name;
    EXPECT_NEAR(moments.deviation, bound / std::sqrt(3), 0.01 * bound) << name;
  }
}

TEST(InitialValue, PatchEmbeddingIsAPlainConvolution) {
  const double bound = 1 / std::sqrt(48);
  for (const char* name : {"patch_embed.proj.weight", "patch_embed.proj.bias"}) {
    const Moments moments = initialMoments(name);
    EXPECT_GE(moments.min, -bound) << name;
    EXPECT_LE(moments.max, bound) << name;
    EXPECT_NEAR(moments.deviation, bound / std::sqrt(3), 0.1 * bound) << name;
  }
}

TEST(InitialValue, OfTheOtherKinds) {
  for (const char* name : {"layers.0.blocks.0.norm1.weight", "patch_embed.norm.weight", "norm.weight"}) {
    const Moments moments = initialMoments(name);
    EXPECT_EQ(moments.min, 1) << name;
    EXPECT_EQ(moments.max, 1) << name;
  }
  for (const char* name :
       {"layers.0.blocks.0.norm1.bias", "layers.0.blocks.0.attn.qkv.bias", "decoder_pred.bias"}) {
    const Moments moments = initialMoments(name);
    EXPECT_EQ(moments.min, 0) << name;
    EXPECT_EQ(moments.max, 0) << name;
  }
  const Moments table = initialMoments("layers.0.blocks.0.attn.relative_position_bias_table");
  EXPECT_NEAR(table.mean, 0, 0.002);
  EXPECT_NEAR(table.deviation, 0.02, 0.001);
  EXPECT_NEAR(initialMoments("mask_token").deviation, 0.02, 0.003);
}

TEST(InitialValue, OfARedrawnHeadIsTiny) {
  const std::vector<Parameter> list = parameters(model("base"), Task::kFinetune);
  const Moments weight = momentsOf(redrawnHead(find(list, "head.weight"), 7)),
                bias = momentsOf(redrawnHead(find(list, "head.bias"), 7));
  EXPECT_NEAR(weight.mean, 0, 1e-7);
  EXPECT_NEAR(weight.deviation, 2e-5, 1e-7);
  EXPECT_EQ(bias.min, 0);
  EXPECT_EQ(bias.max, 0);
}

TEST(InitialValue, DependsOnNameAndSeedOnly) {
  const std::string name = "layers.1.blocks.1.attn.proj.weight";
  const Parameter pretraining = find(parameters(model("base"), Task::kPretrain), name),
                  finetuning = find(parameters(model("base", 384, 5), Task::kFinetune), name);
  const std::string first = bytesOf(initialValue(pretraining, 7));
  EXPECT_TRUE(first == bytesOf(initialValue(pretraining, 7)));
  EXPECT_TRUE(first == bytesOf(initialValue(finetuning, 7)));
  EXPECT_FALSE(first == bytesOf(initialValue(pretraining, 8)));
  Parameter renamed = pretraining;
  renamed.name = "layers.1.blocks.0.attn.proj.weight";
  EXPECT_FALSE(first == bytesOf(initialValue(renamed, 7)));
}

TEST(InitialWeights, AreTheInitialValuesOfAllParameters) {
  ModelConfig small = model("base");
  small.embedDim = 32;
  small.depths = {1, 1, 1, 1};
  small.decoderDepth = 1;
  const std::vector<Parameter> list = parameters(small, Task::kPretrain);
  const TensorMap weights = initialWeights(small, Task::kPretrain, 3);
  EXPECT_EQ(weights.size(), list.size());
  for (const Parameter& parameter : list) {
    EXPECT_EQ(weights.at(parameter.name).shape, parameter.shape) << parameter.name;
    EXPECT_TRUE(bytesOf(weights.at(parameter.name)) == bytesOf(initialValue(parameter, 3))) << parameter.name;
  }
}

}  // namespace
}  // namespace cv::mixmim::test
