#include <cstdio>

#include "model/resize_weights.hpp"
#include "network/weights.hpp"
#include "opencv2/mixmim/error.hpp"
#include "tests/parity/parity.hpp"
#include "tests/support/parity_recipe.hpp"

namespace cv::mixmim::parity {

namespace {

/// Two or three integers out of a name; Error where the name has another form.
template <class... Numbers>
void scan(const std::string& name, const char* form, Numbers*... numbers) {
  if (std::sscanf(name.c_str(), form, numbers...) != static_cast<int>(sizeof...(numbers)))
    throw Error("extras.json", cv::format("expected a name of the form %s, got %s", form, name.c_str()));
}

void compareBoth(Quantity& quantity, const Golden& golden, const std::string& tensorName,
                 const at::Tensor& got, const json::value& wanted) {
  compareDescription(quantity, tensorName, got, wanted);
  if (const auto tensor = golden.tensors.find(tensorName); tensor != golden.tensors.end())
    compareTensor(quantity, tensorName, got, tensor->second);
}

at::Tensor indexOf(int window) {
  const cv::Mat index = relativePositionIndex(window);
  return at::from_blob(index.data, {index.rows, index.cols}, at::kInt).clone();
}

void checkRecipe(const Golden& golden, Report& report) {
  Quantity quantity(report, "recipe");
  const uint64_t seed = golden.seed();
  for (const auto& item : golden.at("recipe_checks").as_object()) {
    const std::string key(item.key());
    const std::string name = key.find('\'') == std::string::npos
                                 ? ""
                                 : key.substr(key.find('\'') + 1, key.rfind('\'') - key.find('\'') - 1);
    if (key.rfind("fnv1a64(", 0) == 0) {
      quantity.addExact(key,
                        cv::format("0x%016lx", static_cast<unsigned long>(test::fnv1a64(name))) ==
                            item.value().as_string().c_str(),
                        1);
    } else if (key.rfind("field(", 0) == 0) {
      const std::vector<double> wanted = numbersOf(item.value());
      const Tensor field = test::field(seed, name, {static_cast<int64_t>(wanted.size())});
      for (size_t i = 0; i < wanted.size(); ++i) quantity.addExact(key, field.as<float>()[i], wanted[i]);
    }  // weights, images and masks are compared where the models are
  }
}

void checkEmbeddings(const Golden& golden, Report& report) {
  Quantity embeddings(report, "position embeddings"), indices(report, "relative position indices");
  for (const auto& item : golden.at("position_embedding").as_object()) {
    int dim = 0, grid = 0;
    scan(std::string(item.key()), "dim%d_grid%d", &dim, &grid);
    compareBoth(embeddings, golden, "position_embedding." + std::string(item.key()),
                toTorch(positionEmbedding(grid, dim))[0], item.value());
  }
  for (const auto& item : golden.at("relative_position_index").as_object()) {
    int window = 0;
    scan(std::string(item.key()), "window%d", &window);
    compareBoth(indices, golden, "relative_position_index." + std::string(item.key()), indexOf(window),
                item.value());
  }
}

void checkTables(const Golden& golden, Report& report) {
  Quantity quantity(report, "interpolated bias tables");
  for (const auto& item : golden.at("bias_table").as_object()) {
    int from = 0, to = 0, heads = 0;
    scan(std::string(item.key()), "%dto%d.heads%d", &from, &to, &heads);
    const Tensor table = test::field(golden.seed(), cv::format("interpolation/table%dx%d", from, heads),
                                     {int64_t{from} * from, heads});
    compareBoth(quantity, golden, "bias_table." + std::string(item.key()),
                toTorch(*resizedWeight(table, {int64_t{to} * to, heads})), item.value());
  }
}

void checkResizedEmbeddings(const Golden& golden, Report& report) {
  Quantity quantity(report, "interpolated position embeddings");
  for (const char* kind : {"absolute_pos_embed", "decoder_pos_embed"}) {
    if (!golden.text.contains(kind)) continue;
    for (const auto& item : golden.at(kind).as_object()) {
      const std::string name(item.key());
      int from = 0, to = 0;
      scan(name.substr(name.rfind('.') + 1), "%dto%d", &from, &to);
      const auto dim = item.value().at("shape").as_array().back().to_number<int64_t>();
      const Tensor embedding = positionEmbedding(from, static_cast<int>(dim));
      compareBoth(quantity, golden, name, toTorch(*resizedWeight(embedding, {1, int64_t{to} * to, dim})),
                  item.value());
    }
  }
}

}  // namespace

void checkExtras(const Golden& golden, Report& report) {
  checkRecipe(golden, report);
  checkEmbeddings(golden, report);
  checkTables(golden, report);
  checkResizedEmbeddings(golden, report);
}

}  // namespace cv::mixmim::parity
