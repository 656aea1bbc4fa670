// One batch of images and their targets, from the pipeline to a trainer.
#pragma once

#include <cstdint>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// How two images of a fine-tuning batch are blended on the device. Image i is mixed with image N-1-i.
struct Mixture {
  float lambda = 1.f;  ///< share of the image's own label; 1 = not mixed
  cv::Rect box;        ///< cutmix: the partner's pixels replace this rectangle; empty = mixup of whole images
};

/// Random erasing of one image on the device: the box of the normalised image becomes N(0, 1) noise, which
/// 8-bit pixels could not hold. Zhong et al., arXiv 1708.04896.
struct Erasure {
  int slot = 0;      ///< which image of the batch
  cv::Rect box;      ///< inside the image, not empty
  uint64_t key = 0;  ///< seeds the noise; depends on sample and epoch only
};

/// How the images of a batch are mixed in pairs: image i with image N-1-i.
struct Mixing {
  cv::Mat mask;     ///< pretraining: cells x cells, CV_8U, 1 = cell shows the partner; otherwise empty
  Mixture mixture;  ///< fine-tuning: the device blends
};

/// Which of the batches this is whose gradients one optimiser step averages.
struct Accumulation {
  int part = 0;   ///< among those of this process, from 0
  int parts = 1;  ///< how many those are
  int inAll = 1;  ///< how many they are in all processes together
};

/// One batch as the pipeline hands it to a Trainer. uint8 until the device: normalisation happens there.
/// Targets are named by what they are, a member for each kind; the kinds that the task has no use for are
/// empty.
struct Batch {
  cv::Mat images;  ///< N x H x W x 3, CV_8U, RGB, continuous. In pretraining already mixed under mixing.mask.
  std::vector<int64_t> samples;  ///< N data set indices really used (after replacing unreadable files)
  int count = 0;                 ///< filled slots; below N only in the last batch of an evaluation

  int64_t step = 0;  ///< optimiser step this batch is for, from 0
  double epoch = 0;  ///< epoch + step in epoch / steps per epoch: what the learning rate is computed from
  int64_t key = 0;   ///< key of this batch's random numbers: no two batches share it
  Accumulation accumulation;  ///< its place among the batches of the step

  Mixing mixing;                  ///< with which partners, and how
  std::vector<Erasure> erasures;  ///< fine-tuning; done before mixing; at most one per image

  cv::Mat classTargets;  ///< N x 1, CV_32S, the class of each image; -1 where the source has none
  cv::Mat labelTargets;  ///< several labels: N x classes, CV_8U, 1 = the image has the label, else 0
  /// 1 x classes, CV_32F: how much each class counts in the loss; empty = all alike. With several labels it
  /// is the weight of having the label, while lacking it weighs 1.
  cv::Mat classWeights;

  int capacity() const { return images.empty() ? 0 : images.size[0]; }  ///< N
  /// W x H
  cv::Size imageSize() const {
    return images.empty() ? cv::Size() : cv::Size(images.size[2], images.size[1]);
  }
  /// The pixels of a slot, CV_8UC3, in the memory of `images`.
  cv::Mat picture(int slot) const { return {imageSize(), CV_8UC3, const_cast<uchar*>(images.ptr(slot))}; }
};

}  // namespace cv::mixmim
