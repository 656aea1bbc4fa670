#include "sources/names/file_names.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "data_pipeline/image_format.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"
#include "opencv2/mixmim/text.hpp"

namespace cv::mixmim {

namespace {

constexpr std::array kSystemNames{
    "__macosx", "desktop.ini", "thumbs.db",    "ehthumbs.db", "ehthumbs_vista.db",
    "@eadir",   "lost+found",  "$recycle.bin", "recycler",    "#recycle",
    "@recycle", "#snapshot",   "icon\r",       "__pycache__", "system volume information",
};

constexpr std::array kEndings{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".ppm",  ".pgm",
                              ".pbm", ".pnm",  ".bmp", ".dib",  ".tif", ".tiff", ".webp"};

constexpr std::array kEndingsOfSome{std::pair(".jp2", ImageFormat::kJpeg2000),
                                    std::pair(".gif", ImageFormat::kGif),
                                    std::pair(".avif", ImageFormat::kAvif)};

}  // namespace

std::string lowerCase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return lower;
}

std::optional<Omission> reasonToPass(std::string_view name) {
  if (name == "." || name == "..") return {};
  if (startsWith(name, ".")) return Omission::kHidden;
  const std::string lower = lowerCase(name);
  if (std::find(kSystemNames.begin(), kSystemNames.end(), lower) != kSystemNames.end())
    return Omission::kSystem;
  return {};
}

std::optional<Omission> reasonToPassPath(std::string_view path) {
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (const auto reason = reasonToPass(path.substr(0, slash))) return reason;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return {};
}

std::string endingOf(std::string_view name) {
  const size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot + 1 == name.size() ? "without ending"
                                                                 : lowerCase(name.substr(dot));
}

bool isImageEnding(const std::string& ending) {
  const auto isIt = [&](const char* known) { return ending == known; };
  return std::any_of(kEndings.begin(), kEndings.end(), isIt) ||
         std::any_of(kEndingsOfSome.begin(), kEndingsOfSome.end(), [&](const auto& known) {
           return isIt(known.first) && whyNotRead(known.second).empty();
         });
}

void refuseUnlessUtf8(std::string_view name, const std::string& where) {
  if (!isUtf8(name))
    throw Error(asUtf8(where), "the name '" + asUtf8(name) + "' is not UTF-8",
                "rename it, because checkpoints and reports could not name it");
}

}  // namespace cv::mixmim
