#pragma once

#include <string>
#include <vector>

namespace cv::mixmim {

/// Whether `source` names tar archives: it ends in .tar, or has a brace list, "::" or a pattern.
bool namesShards(const std::string& source);

/// "a-{000..002}.tar" -> a-000.tar a-001.tar a-002.tar; "{a,b}.tar" -> a.tar b.tar; "a-*.tar" -> the files
/// that fit, sorted bytewise; such parts are joined by "::". Leading zeros are kept. A part that is the name
/// of a file is that file. Throws Error for braces that are not a list, for a pattern that no file fits, and
/// for more than a million names.
std::vector<std::string> shardNames(const std::string& source);

/// The archives that a set of numbered ones lacks: x-1.tar between x-0.tar and x-2.tar. At most a hundred.
std::vector<std::string> missingShards(const std::vector<std::string>& archives);

}  // namespace cv::mixmim
