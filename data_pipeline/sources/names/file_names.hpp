// Names of files and folders in a data set.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data_pipeline/omissions.hpp"

namespace cv::mixmim {

/// Why a file or folder of this name is passed over wherever it lies; none if it is not. Hidden: it begins
/// with a dot, which AppleDouble files "._x.jpg" do, too. System: what macOS, Windows and storage devices
/// leave, in any case of letters.
std::optional<Omission> reasonToPass(std::string_view name);

/// The same for every part of a path: the reason of the first one that has one.
std::optional<Omission> reasonToPassPath(std::string_view path);

/// ASCII letters as small ones.
std::string lowerCase(std::string_view text);

/// The ending of a file in lower case: ".heic"; "without ending" where there is none.
std::string endingOf(std::string_view name);

/// Whether files with this ending, lower-cased and with its dot, are images: ".jpg". Which of .jp2, .gif and
/// .avif are depends on what OpenCV of this machine reads.
bool isImageEnding(const std::string& ending);

/// Throws Error unless `name` is UTF-8, because classes and lists of pictures are written as JSON, which can
/// hold nothing else, and would have other names when they are read back. `where` is what holds the name.
void refuseUnlessUtf8(std::string_view name, const std::string& where);

}  // namespace cv::mixmim
