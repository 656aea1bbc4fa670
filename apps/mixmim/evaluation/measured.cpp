#include "evaluation/measured.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

#include "terminal/json_number.hpp"

namespace cv::mixmim {

namespace {

void add(const std::vector<NamedNumber>& numbers, boost::json::object& object) {
  for (const NamedNumber& number : numbers) object[number.name] = finiteOrNull(number.value);
}

}  // namespace

std::string textOf(const NamedNumber& number) {
  return number.isShare ? fmt::format("{} {:.2f} %", number.title, 100 * number.value)
                        : fmt::format("{} {:.4f}", number.title, number.value);
}

boost::json::object toJson(const Measured& measured) {
  boost::json::object object{{"images", measured.images}};
  add(measured.numbers, object);
  boost::json::array perClass;
  for (const MeasuredClass& one : measured.classes) {
    boost::json::object entry{
        {"label", one.label}, {"images", one.images}, {one.share.name, finiteOrNull(one.share.value)}};
    add(one.more, entry);
    perClass.push_back(std::move(entry));
  }
  object["per_class"] = std::move(perClass);
  boost::json::object macro;
  add(measured.macro, macro);
  if (!macro.empty()) object["macro"] = std::move(macro);
  return object;
}

}  // namespace cv::mixmim
