#include "report/records/bad_files.hpp"

#include <boost/json.hpp>
#include <optional>

#include "data_pipeline/source.hpp"
#include "report/records/record_files.hpp"

namespace cv::mixmim::report {

namespace json = boost::json;

namespace {

std::optional<BadFile> badFile(std::string_view line) {
  boost::system::error_code error;
  const json::value value = json::parse({line.data(), line.size()}, error);
  if (error || !value.is_object()) return {};
  const auto member = [&](const char* name) { return value.get_object().if_contains(name); };
  const json::value *path = member("path"), *reason = member("reason"), *offset = member("offset");
  if (!path || !path->is_string() || !reason || !reason->is_string()) return {};
  const int64_t place = offset && offset->is_int64() ? offset->get_int64() : 0;
  return BadFile{placeText(std::string(path->get_string()), place), std::string(reason->get_string())};
}

}  // namespace

BadFiles readBadFiles(std::istream& file) {
  BadFiles bad;
  bad.damaged += forEachLine(file, [&](std::string_view line) {
    const std::optional<BadFile> read = badFile(line);
    ++(read ? bad.count : bad.damaged);
    if (read && bad.first.size() < BadFiles::kShown) bad.first.push_back(*read);
  });
  return bad;
}

}  // namespace cv::mixmim::report
