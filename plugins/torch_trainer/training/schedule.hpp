#pragma once

#include "opencv2/mixmim/train/config.hpp"

namespace cv::mixmim {

/// Learning rate at a fractional epoch: linear warm-up from 0, then half a cosine down to minLr. Evaluated
/// before every step, so the first step of a run with warm-up has rate 0. Official "adjust_learning_rate".
double learningRate(const OptimConfig& optim, int batch, double epoch);

}  // namespace cv::mixmim
