// Files of a run folder, read without trust: anybody may have written them, and a run may still be writing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace cv::mixmim::report {

/// The bytes of a regular file of at most `limit` bytes; nothing where there is none. Throws Error for a
/// larger one, and for one that cannot be read.
std::optional<std::string> readSmallFile(const std::filesystem::path& path, size_t limit);

/// Longest line that is looked at; no program of ours writes one a tenth as long.
inline constexpr size_t kLongestLine = 1 << 16;

/// Hands over every line without its end, in constant memory; the last one need not have an end. Returns how
/// many longer than kLongestLine were passed over.
int64_t forEachLine(std::istream& file, const std::function<void(std::string_view)>& take);

}  // namespace cv::mixmim::report
