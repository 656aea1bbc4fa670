#include "run/bad_image_log.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <sstream>
#include <tuple>

#include <fmt/format.h>

#include "data_pipeline/source.hpp"

namespace cv::mixmim {

namespace json = boost::json;

namespace {

bool isEarlier(const BadImage& a, const BadImage& b) {
  return std::tie(a.epoch, a.position) < std::tie(b.epoch, b.position);
}

BadImage imageOf(const json::object& line) {
  const auto text = [&](const char* name) { return std::string(line.at(name).as_string()); };
  const auto number = [&](const char* name) { return line.at(name).to_number<int64_t>(); };
  return {text("path"),    number("offset"),   text("reason"),
          number("epoch"), number("position"), text("substitute")};
}

/// The images of lines as linesOf() writes them; a damaged one is passed over.
std::vector<BadImage> imagesIn(const std::string& lines) {
  std::vector<BadImage> images;
  std::istringstream stream(lines);
  for (std::string line; std::getline(stream, line);) {
    try {
      images.push_back(imageOf(json::parse(line).as_object()));
    } catch (const std::exception&) {
    }
  }
  return images;
}

}  // namespace

BadImageLog::BadImageLog(RunFolder& folder, World& world, Found found)
    : folder_(folder), world_(world), found_(std::move(found)) {
  for (const BadImage& image : imagesIn(folder_.badImages())) add(image);
}

/// Adds an image, and says whether it is new. For one that is not, the earliest place counts.
bool BadImageLog::add(const BadImage& image) {
  const auto [place, isNew] = images_.try_emplace({image.path, image.offset}, image);
  if (!isNew && isEarlier(image, place->second)) place->second = image;
  return isNew;
}

std::vector<std::string> BadImageLog::exchanged(const std::vector<BadImage>& own, bool together) {
  const std::string lines = linesOf(own);
  return together ? world_.gather(lines) : std::vector<std::string>{lines};
}

std::string BadImageLog::update(bool together) {
  if (!together && world_.size() > 1) return {};
  const std::vector<BadImage> own = found_(taken_);
  taken_ += own.size();
  std::string sentence;
  for (const std::string& lines : exchanged(own, together))
    for (const BadImage& image : imagesIn(lines)) {
      if (!add(image)) continue;
      folder_.addBadImages(linesOf({image}));
      if (images_.size() == 1)
        sentence = fmt::format(
            "{} could not be used, another picture takes its place: {}; all such go into {}/bad_images.jsonl",
            placeText(image.path, image.offset), image.reason, folder_.path());
    }
  return sentence;
}

void BadImageLog::finish(bool together) {
  for (const std::string& lines : exchanged(found_(0), together))
    for (const BadImage& image : imagesIn(lines)) add(image);
  std::vector<BadImage> all;
  for (const auto& [place, image] : images_) all.push_back(image);
  std::stable_sort(all.begin(), all.end(), isEarlier);
  folder_.writeBadImages(linesOf(all));
}

}  // namespace cv::mixmim
