// Orientation tags: a camera stores the pixels as its sensor lies and notes how to turn them. Programs that
// show a picture obey the tag; data sets and the programs that trained on them often do not. A network must
// be shown pictures as its training saw them, so the choice is stored with it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <opencv2/core.hpp>

namespace cv::mixmim {

/// The use of orientation tags. Whatever was stored before there was a choice was ignoring them.
enum class Orientation { kIgnore, kApply };

/// Its word in settings and files, "ignore" or "apply", and back.
CV_EXPORTS const char* nameOf(Orientation orientation);
CV_EXPORTS std::optional<Orientation> orientationNamed(const std::string& word);

/// The orientation tag of an encoded picture, 1 to 8 as EXIF numbers them: 1 = as it is stored, 6 = to be
/// turned clockwise by a quarter. JPEG, PNG and WebP are looked at; 1 for other formats (OpenCV turns a TIFF
/// by itself), for a picture without a tag, and for a tag that is damaged. Reads nothing but headers, and
/// nothing outside `bytes`.
CV_EXPORTS int orientationOf(const std::vector<uint8_t>& bytes);

/// The size of a stored picture after turning it.
CV_EXPORTS cv::Size turnedSize(cv::Size stored, int orientation);

/// The stored pixels of `region` of the turned picture, whose stored size is `stored`.
CV_EXPORTS cv::Rect storedRegion(cv::Rect region, cv::Size stored, int orientation);

/// Turns pixels as Pillow's ImageOps.exif_transpose does: they move, none changes. Any type; `out` may be
/// `stored`. Source: EXIF 2.32, tag 0x0112.
CV_EXPORTS void turn(const cv::Mat& stored, int orientation, cv::Mat& out);

/// An encoded picture as 8-bit BGR, the first one of an animated WebP; an empty cv::Mat where OpenCV cannot
/// read it.
CV_EXPORTS cv::Mat decodePicture(const std::vector<uint8_t>& bytes, Orientation orientation);

/// The same for a file. Throws Error naming it.
CV_EXPORTS cv::Mat readPicture(const std::string& path, Orientation orientation);

}  // namespace cv::mixmim
