// MixMIM for OpenCV: the one header an application needs.
//
//   auto classifier = cv::mixmim::Classifier::create("model.onnx");
//   for (const auto& guess : classifier->classify(frame))
//     std::cout << guess.label << ' ' << guess.probability << '\n';
#pragma once

#include "opencv2/mixmim/classifier.hpp"
#include "opencv2/mixmim/error.hpp"
