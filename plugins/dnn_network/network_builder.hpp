// The walk along a plan that makes a network of the fused layers, in a file for each kind of piece.
#pragma once

#include <map>
#include <string>

#include <opencv2/dnn.hpp>

#include "constants.hpp"
#include "model/plan.hpp"
#include "model/token_order.hpp"
#include "pieces.hpp"

namespace cv::mixmim {

class NetworkBuilder {
 public:
  /// Both must outlive it.
  NetworkBuilder(const Constants& constants, const Plan& plan, bool int8)
      : constants_(constants), plan_(plan), int8_(int8) {}

  cv::dnn::Net build();

 private:
  using LayerParams = cv::dnn::LayerParams;

  /// What the blocks of a stage share, because a file may have many blocks of many tokens.
  struct Shared {
    std::map<const Sight*, Pieces> pieces;
    cv::Mat neighbours;  ///< of TokenConvolution
  };

  // network_builder.cpp
  void checkSizes() const;
  void checkTokens() const;
  void addStage(size_t s, const std::vector<StageTokens>& tokens);
  void addPool();
  void addClassifier();
  void addLinear(const std::string& name, int64_t outputs, int64_t inputs, LayerParams& params) const;
  void add(const std::string& name, const std::string& type, LayerParams& params);
  // stage_layers.cpp
  void addPatchEmbedding(const Stage& stage, const StageTokens& tokens);
  cv::Mat patchWeights(const Stage& stage, int side) const;
  void addTokenEmbedding(const Stage& stage, int dimBefore, const StageTokens& tokens);
  void addAffine(const std::string& gains, const std::string& shifts, const Stage& stage,
                 const StageTokens& tokens, LayerParams& params) const;
  void addMerging(const Stage& stage, int dimBefore, const std::vector<int64_t>& merge);
  void addPositions(const Stage& stage, const cv::Mat& neighbours);
  void addNorm(const Stage& stage);
  cv::Mat sameForAll(const std::string& name, const Stage& stage) const;
  void addConvolution(const std::string& name, int channels, const Stage& stage, const cv::Mat& neighbours,
                      LayerParams& params) const;
  // block_layers.cpp
  Shared sharedBy(const StageTokens& tokens) const;
  void addBlock(const Block& block, const Stage& stage, const StageTokens& tokens, const Shared& shared);
  void addAttention(const Block& block, const Stage& stage, const Pieces& pieces);
  void addReducedAttention(const Block& block, const Stage& stage, const StageTokens& tokens);
  void addHeads(const std::string& name, const Stage& stage, cv::Mat& weights, cv::Mat& biases) const;
  void addProjection(const Block& block, const Stage& stage, LayerParams& params) const;
  void addMlp(const Block& block, const Stage& stage, const cv::Mat& neighbours);

  const Constants& constants_;
  const Plan& plan_;
  const bool int8_;
  cv::dnn::Net net_;
};

}  // namespace cv::mixmim
