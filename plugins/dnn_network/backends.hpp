// The choices to compute with: OpenCV's backends, targets and engines, and the fused layers.
#pragma once

#include <string>

#include <opencv2/dnn.hpp>

#include "opencv2/mixmim/network_options.hpp"

namespace cv::mixmim {

/// Whether the network runs in the layers of fused_layers.hpp, or else in OpenCV's own.
bool usesFusedLayers(const NetworkOptions& options);

/// Throws Error where this OpenCV or this processor lacks what is asked for. OpenCV alone would compute
/// with something else, without an error.
void requireAvailable(const NetworkOptions& options);

/// The file's network in OpenCV's own layers, for options that are available. Throws what OpenCV throws.
cv::dnn::Net stockNetwork(const std::string& path, const NetworkOptions& options);

}  // namespace cv::mixmim
