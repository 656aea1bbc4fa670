// Compiled kernels kept on the disk, because compiling takes a second.
#pragma once

#include <functional>
#include <string>

namespace cv::mixmim {

/// The bytes kept in `folder` under `name`, or those that `compile` gives, which are then kept. A name says
/// all that the bytes follow from. A damaged file counts as none and is replaced. Files appear complete or
/// not at all, so several processes may do this at once. A folder that cannot be written, or "", only costs
/// the time.
std::string cachedCubin(const std::string& folder, const std::string& name,
                        const std::function<std::string()>& compile);

}  // namespace cv::mixmim
