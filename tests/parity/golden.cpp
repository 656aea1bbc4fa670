#include "tests/parity/golden.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "model_io/files/safetensors.hpp"
#include "opencv2/mixmim/error.hpp"
#include "opencv2/mixmim/json.hpp"

namespace cv::mixmim::parity {

namespace fs = std::filesystem;

const json::value* Golden::find(const std::string& path) const {
  const json::value* value = &text;
  for (size_t begin = 0; value && begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    value = value->as_object().if_contains(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return value;
}

const json::value& Golden::at(const std::string& path) const {
  const json::value* value = find(path);
  if (!value) throw Lacking("the file " + name + ".json has no " + path);
  return *value;
}

std::optional<double> Golden::numberIf(const std::string& path) const {
  const json::value* value = find(path);
  if (!value) return {};
  return value->to_number<double>();
}

Golden readGolden(const std::string& folder, const std::string& name) {
  const fs::path path = fs::path(folder) / (name + ".json"),
                 tensors = fs::path(folder) / (name + ".safetensors");
  if (!fs::exists(path)) throw Lacking("there is no " + name + ".json");
  std::ifstream file(path, std::ios::binary);
  if (!file) throw Error(path.string(), "cannot be read");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  Golden golden{name, parseJson(text, path.string()), {}};
  if (fs::exists(tensors)) golden.tensors = readSafetensors(tensors.string());
  return golden;
}

std::optional<double> numberIn(const json::value& object, const char* key) {
  const json::value* value = object.as_object().if_contains(key);
  if (!value) return {};
  return value->to_number<double>();
}

std::vector<double> numbersOf(const json::value& array) {
  std::vector<double> numbers;
  for (const json::value& item : array.as_array()) numbers.push_back(item.to_number<double>());
  return numbers;
}

}  // namespace cv::mixmim::parity
