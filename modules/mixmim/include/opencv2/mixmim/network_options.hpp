// How a deployed network is opened and what computes it: the same options for every task.
#pragma once

#include <string>

namespace cv::mixmim {

/// The options of Network::open; Classifier::create adds its own.
struct NetworkOptions {
  int backend = 0;  ///< a cv::dnn::Backend; 0 = the host's default
  int target = 0;   ///< a cv::dnn::Target; 0 = CPU. A pair this OpenCV lacks is an error, not the CPU instead
  /// A cv::dnn::EngineType of OpenCV 5, for OpenCV's own layers. 0 = the host's default, except that other
  /// backends and targets take the classic engine, because it alone has them. An engine this OpenCV lacks is
  /// an error.
  int engine = 0;
  /// On the CPU: run the network in a few layers of our own, several times faster than OpenCV's. false:
  /// OpenCV's own layers, as on every other backend, target and engine.
  bool fusedLayers = true;
  /// Fused layers multiply 8-bit numbers: faster still, scores differ a little (docs/deploy.md says how
  /// much).
  bool int8 = false;
  std::string plugin = "dnn_network";  ///< plugin name or path
  /// Run the model's own test picture at load and compare; false saves one forward pass.
  bool replayGolden = true;
};

}  // namespace cv::mixmim
