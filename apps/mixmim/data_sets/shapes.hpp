// The demo data set: photo-like pictures of ten shapes. The class decides the outline alone; colour, texture,
// light, place, size and angle are independent of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// Class names, sorted.
const std::vector<std::string>& shapeNames();

/// Picture `number` of a class: size x size, CV_8UC3, BGR. A pure function of its arguments.
cv::Mat drawShape(size_t shape, int64_t number, int size, uint64_t seed);

}  // namespace cv::mixmim
