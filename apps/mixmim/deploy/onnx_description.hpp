// The content of an .onnx, for `mixmim info`.
#pragma once

#include <boost/json/object.hpp>
#include <string>

namespace cv::mixmim {

/// Everything the file says: network, and, where mixmim wrote it, head, preprocessing, labels, facts and test
/// picture. Throws Error for a file that is damaged.
boost::json::object describeOnnx(const std::string& path);

}  // namespace cv::mixmim
