#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// Whether `source` names tar archives: it ends in .tar, or has a brace list or "::".
bool namesShards(const std::string& source);

/// "a-{000..002}.tar" -> a-000.tar a-001.tar a-002.tar; "{a,b}.tar" -> a.tar b.tar; lists are joined by "::".
/// Leading zeros are kept. Throws Error for braces that are not a list, and for more than a million names.
std::vector<std::string> shardNames(const std::string& source);

}  // namespace cv::mixmim
