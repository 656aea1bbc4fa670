#include "evaluation/measured.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

#include "terminal/json_number.hpp"

namespace cv::mixmim {

std::string textOf(const NamedNumber& number) {
  return number.isShare ? fmt::format("{} {:.2f} %", number.title, 100 * number.value)
                        : fmt::format("{} {:.4f}", number.title, number.value);
}

boost::json::object toJson(const Measured& measured) {
  boost::json::object object{{"images", measured.images}};
  for (const NamedNumber& number : measured.numbers) object[number.name] = finiteOrNull(number.value);
  boost::json::array perClass;
  for (const MeasuredClass& one : measured.classes)
    perClass.push_back({{"label", one.label}, {"images", one.images}, {one.share.name, one.share.value}});
  object["per_class"] = std::move(perClass);
  return object;
}

}  // namespace cv::mixmim
